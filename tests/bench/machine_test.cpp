#include "triad/bench/measure/machine.h"

#include <gtest/gtest.h>

#include "triad/bench/measure/machine_peaks.h"
#include "triad/bench/measure/peak_memory.h"

namespace triad::bench {
namespace {

// How high a ceiling is only the machine knows; that there is one, and that more threads do not lower it, is known here.
#if defined(__SANITIZE_THREAD__)
constexpr double kLeastFlops = 1e8;  // instrumented loops
#else
constexpr double kLeastFlops = 1e9;
#endif

TEST(Machine, HasCeilings) {
  const Machine machine = measure_machine();
  EXPECT_FALSE(machine.processor.empty());
  EXPECT_GE(machine.threads, 1);
  for (const MachineRates& rates : {machine.all, machine.one}) {
    EXPECT_GT(rates.f32_flops, kLeastFlops);
    EXPECT_GT(rates.bf16_flops, kLeastFlops);
    EXPECT_GT(rates.copy_bytes, 1e8);
  }
  EXPECT_GT(machine.clock_hz, 1e8);
  EXPECT_GT(machine.launch_seconds, 0);
  EXPECT_GE(machine.background_load, 0);
}

TEST(MachinePeaks, DoWhatTheySay) {
  float sink = 0;
  const int64_t once = multiply_add_f32(1000, sink);
  EXPECT_GT(once, 0);
  EXPECT_EQ(multiply_add_f32(3000, sink), 3 * once);
  EXPECT_NE(sink, 0);
  EXPECT_EQ(dependent_additions(1000, 5), 1005u);
}

TEST(PeakMemory, SeesWhatWasUsedSinceTheReset) {
  reset_peak_memory();
  const double before = peak_memory_megabytes();
  ASSERT_GT(before, 0);
  {
    std::vector<char> block(100'000'000, 1);
    ASSERT_EQ(block[50'000'000], 1);
  }
  EXPECT_GE(peak_memory_megabytes(), before + 90);
  reset_peak_memory();
  EXPECT_LT(peak_memory_megabytes(), before + 50);
}

}  // namespace
}  // namespace triad::bench
