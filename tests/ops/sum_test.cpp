// What the specification does not see of sums: memory, and rounding over very many terms.
#include "triad/ops/reduce/sum.h"

#include <gtest/gtest.h>

#include "tests/harness/heap_watch.h"
#include "triad/core/device/allocator.h"

namespace triad {
namespace {

TEST(Sum, OverWideRowsNeedsLittleMemoryAndAllOfItFromThePool) {
  const Tensor x = full({64, 40000}, 0.5);
  const size_t x_bytes = static_cast<size_t>(x.numel()) * sizeof(float);
  Allocator& pool = allocator(kCpu);
  pool.reset_peak();
  const size_t before = pool.stats().in_use;
  harness::forget_heap_requests();
  const Tensor y = ops::sum(x, {0});
  EXPECT_LT(harness::largest_heap_request(), 4096u);
  EXPECT_LT(pool.stats().peak_in_use - before, x_bytes / 16);
  EXPECT_EQ(y.to_vector<float>(), std::vector<float>(40000, 32));
}

TEST(Sum, OfAMillionRowsRoundsLittle) {
  const std::vector<double> sums = ops::sum(full({1000007, 3}, 0.1), {0}).to_vector<double>();
  const double expected = 1000007 * static_cast<double>(0.1f);
  for (const double sum : sums) EXPECT_NEAR(sum / expected, 1, 1e-5);
}

}  // namespace
}  // namespace triad
