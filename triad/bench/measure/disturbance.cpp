#include "triad/bench/measure/disturbance.h"

#include <algorithm>

#include <sys/resource.h>

namespace triad::bench {
namespace {

double involuntary_switches() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  return static_cast<double>(usage.ru_nivcsw);
}

}  // namespace

Disturbance::Disturbance()
    : start_(std::chrono::steady_clock::now()), switches_(involuntary_switches()), ticks_(processor_ticks()) {}

double Disturbance::switches_per_second() const {
  const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start_).count();
  return (involuntary_switches() - switches_) / std::max(seconds, 1e-3);
}

double Disturbance::stolen() const {
  const ProcessorTicks now = processor_ticks();
  return (now.stolen - ticks_.stolen) / std::max(now.total - ticks_.total, 1.0);
}

}  // namespace triad::bench
