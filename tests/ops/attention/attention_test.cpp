// What the specification does not see: scores that overflow in f32 alone, and what NaN does to gradients.
#include "triad/ops/attention/attention.h"

#include <cmath>

#include <gtest/gtest.h>

#include "triad/autograd/autograd.h"

namespace triad {
namespace {

struct Result {
  std::vector<float> y, dq;
};

/// One query of width 1 against keys.
Result attend(float query, const std::vector<float>& keys, const std::vector<float>& values) {
  const int64_t n = static_cast<int64_t>(keys.size());
  const Tensor q = requires_grad(from_values({query}, {1, 1, 1, 1}));
  const Tensor y = ops::attention(q, from_values(keys, {1, 1, n, 1}), from_values(values, {1, 1, n, 1}));
  backward(y);
  return {y.to_vector<float>(), grad(q).to_vector<float>()};
}

TEST(Attention, AScoreAboveTheRangeIsSeen) {
  const Result r = attend(1e30f, {1e30f, 1}, {2, 3});
  EXPECT_TRUE(std::isnan(r.y[0])) << r.y[0];
  EXPECT_TRUE(std::isnan(r.dq[0])) << r.dq[0];
}

TEST(Attention, ScoresThatAreAllBelowTheRangeAreNoMaskedKeys) {
  const Result r = attend(1e30f, {-1e30f, -1e30f}, {2, 3});
  EXPECT_TRUE(std::isnan(r.y[0])) << r.y[0];
  EXPECT_TRUE(std::isnan(r.dq[0])) << r.dq[0];
}

TEST(Attention, AScoreBelowTheRangeHasNoWeight) {
  const Result r = attend(1e30f, {-1e30f, 1e-30f}, {2, 3});
  EXPECT_EQ(r.y[0], 3);
  EXPECT_EQ(r.dq[0], 0);
}

TEST(Attention, MaskedKeysHaveNoPartInTheNaNOfAQuery) {
  const Tensor q = from_values({std::nanf(""), 1.f}, {1, 1, 2, 1});
  const Tensor k = requires_grad(from_values({1.f, 2.f, 3.f}, {1, 1, 3, 1}));
  const Tensor v = requires_grad(from_values({4.f, 5.f, 6.f}, {1, 1, 3, 1}));
  const Tensor y = ops::attention(q, k, v, from_values({true, false, true}, {1, 3}));
  EXPECT_TRUE(std::isnan(y.to_vector<float>()[0]));
  EXPECT_TRUE(std::isfinite(y.to_vector<float>()[1]));
  backward(y, full(y.shape(), 1));
  for (const Tensor& leaf : {k, v}) {
    const std::vector<float> gradient = grad(leaf).to_vector<float>();
    EXPECT_TRUE(std::isnan(gradient[0]) && std::isnan(gradient[2]));
    EXPECT_EQ(gradient[1], 0);
  }
}

}  // namespace
}  // namespace triad
