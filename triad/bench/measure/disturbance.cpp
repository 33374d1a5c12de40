#include "triad/bench/measure/disturbance.h"

#include <algorithm>
#include <filesystem>
#include <fstream>

#include <sys/resource.h>

namespace triad::bench {
namespace {

double involuntary_switches() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  return static_cast<double>(usage.ru_nivcsw);
}

/// Seconds that threads of this process could have run in and did not, since they began: see schedstat in proc(5).
double seconds_waited() {
  double nanoseconds = 0;
  std::error_code gone;  // a thread may end meanwhile
  for (const auto& thread : std::filesystem::directory_iterator("/proc/self/task", gone)) {
    double ran = 0, waited = 0;
    if (std::ifstream(thread.path() / "schedstat") >> ran >> waited) nanoseconds += waited;
  }
  return nanoseconds / 1e9;
}

}  // namespace

Disturbance::Disturbance()
    : start_(std::chrono::steady_clock::now()),
      switches_(involuntary_switches()),
      waited_(seconds_waited()),
      ticks_(processor_ticks()) {}

double Disturbance::seconds() const {
  return std::max(std::chrono::duration<double>(std::chrono::steady_clock::now() - start_).count(), 1e-3);
}

double Disturbance::switches_per_second() const { return (involuntary_switches() - switches_) / seconds(); }

double Disturbance::waited() const { return std::max(seconds_waited() - waited_, 0.0) / seconds(); }

double Disturbance::stolen() const {
  const ProcessorTicks now = processor_ticks();
  return (now.stolen - ticks_.stolen) / std::max(now.total - ticks_.total, 1.0);
}

}  // namespace triad::bench
