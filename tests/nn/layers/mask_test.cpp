#include "triad/nn/layers/mask.h"

#include <gtest/gtest.h>

#include "triad/autograd/autograd.h"

namespace triad::nn {
namespace {

TEST(MaskedMean, OfMoreFloat16PositionsThanTheirSumAndCountCanSay) {
  constexpr int64_t kTime = 80000;
  const Tensor x = requires_grad(full({2, kTime, 1}, 3, DType::f16));
  const Tensor y = masked_mean(x, length_mask(from_values<int64_t>({70000, 0}, {2}), kTime));
  EXPECT_EQ(y.dtype(), DType::f16);
  EXPECT_EQ(y.to_vector<float>(), (std::vector<float>{3, 0}));
  backward(y, full({2, 1}, 35000, DType::f16));
  const std::vector<float> dx = grad(x).to_vector<float>();
  EXPECT_NEAR(dx[0], 0.5, 1e-3);
  EXPECT_EQ(dx[70000], 0);
}

}  // namespace
}  // namespace triad::nn
