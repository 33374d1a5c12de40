// Whether others were in the way while something was timed.
#pragma once

#include <chrono>

#include "triad/bench/measure/processor_ticks.h"

namespace triad::bench {

/// Watches from its construction on.
class Disturbance {
 public:
  Disturbance();

  /// Times a second that a thread of this process was put aside for another, or for another process.
  double switches_per_second() const;
  /// Seconds a second in which a thread of this process could have run, and another process did.
  double waited() const;
  /// Share of the processors' time that the host gave to other machines, from 0 to 1.
  double stolen() const;
  /// All are what a quiet machine shows: below 100, 0.05 and 0.02.
  bool quiet() const { return switches_per_second() < 100 && waited() < 0.05 && stolen() < 0.02; }

 private:
  double seconds() const;

  std::chrono::steady_clock::time_point start_;
  double switches_, waited_;
  ProcessorTicks ticks_;
};

}  // namespace triad::bench
