// What the specification does not see of sums: gradients of 16-bit means, memory, and rounding over very many terms.
#include "triad/ops/reduce/sum.h"

#include <cmath>

#include <gtest/gtest.h>

#include "tests/harness/heap_watch.h"
#include "triad/autograd/autograd.h"

namespace triad {
namespace {

TEST(Mean, OfAHundredThousandFloat16PassesItsGradientOn) {
  const Tensor x = requires_grad(full({100000}, 3, DType::f16));
  const Tensor y = ops::mean(x);
  EXPECT_EQ(y.dtype(), DType::f16);
  EXPECT_EQ(y.item(), 3);
  backward(y, full({}, 60000, DType::f16));
  EXPECT_NEAR(grad(x).to_vector<double>()[7], 0.6, 1e-3);
}

TEST(Mean, OfBFloat16RoundsOnce) {
  Tensor x = full({257}, 1, DType::bf16);  // as bf16 the count is 256, and 258 / 256 is more than 1
  x.mutable_data<BFloat16>()[0] = 2.0f;
  EXPECT_EQ(ops::mean(x).item(), 1);
}

TEST(WideSum, KeepsTheAccumulationDType) {
  const Tensor x = requires_grad(full({3, 40000}, 2, DType::f16));
  const Tensor y = ops::wide_sum(x, {1});
  EXPECT_EQ(y.dtype(), DType::f32);
  EXPECT_EQ(y.to_vector<double>(), (std::vector<double>{80000, 80000, 80000}));
  backward(y, full({3}, 0.5));
  EXPECT_EQ(grad(x).dtype(), DType::f16);
  EXPECT_EQ(grad(x).to_vector<double>()[50000], 0.5);
}

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
