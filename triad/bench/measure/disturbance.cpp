#include "triad/bench/measure/disturbance.h"

#include <algorithm>
#include <fstream>
#include <string>

#include <sys/resource.h>

namespace triad::bench {
namespace {

double involuntary_switches() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  return static_cast<double>(usage.ru_nivcsw);
}

struct Ticks {
  double stolen = 0, total = 0;
};

/// Of all processors since the system started.
Ticks ticks() {
  std::ifstream stat("/proc/stat");
  std::string label;
  stat >> label;
  Ticks sum;
  constexpr int kStolen = 7, kColumns = 8;  // user nice system idle iowait irq softirq steal
  for (int i = 0; i < kColumns; ++i) {
    double value = 0;
    stat >> value;
    sum.total += value;
    if (i == kStolen) sum.stolen = value;
  }
  return sum;
}

}  // namespace

Disturbance::Disturbance() : start_(std::chrono::steady_clock::now()), switches_(involuntary_switches()) {
  const Ticks now = ticks();
  stolen_ = now.stolen;
  total_ = now.total;
}

double Disturbance::switches_per_second() const {
  const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start_).count();
  return (involuntary_switches() - switches_) / std::max(seconds, 1e-3);
}

double Disturbance::stolen() const {
  const Ticks now = ticks();
  return (now.stolen - stolen_) / std::max(now.total - total_, 1.0);
}

}  // namespace triad::bench
