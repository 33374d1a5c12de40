// What finite differences cannot see of the extrema: how ties and NaN share a gradient.
#include "triad/ops/reduce/extremum.h"

#include <cmath>

#include <gtest/gtest.h>

#include "triad/autograd/autograd.h"
#include "triad/ops/reduce/topk.h"

namespace triad {
namespace {

std::vector<double> gradient_of_max(Tensor x, const Axes& axes) {
  x = requires_grad(x);
  const Tensor y = ops::max(x, axes);
  backward(y, full(y.shape(), 6, y.dtype()));
  return grad(x).to_vector<double>();
}

TEST(Extremum, EqualElementsShareTheGradient) {
  EXPECT_EQ(gradient_of_max(from_values({1.f, 3.f, 3.f, 2.f, 0.f, 0.f}, {2, 3}), {1}),
            (std::vector<double>{0, 3, 3, 6, 0, 0}));
  EXPECT_EQ(gradient_of_max(from_values({5.f, 5.f, 5.f, 4.f}, {2, 2}), {}), (std::vector<double>{2, 2, 2, 0}));
}

TEST(Extremum, NaNElementsShareTheGradient) {
  const float nan = std::nanf("");
  EXPECT_EQ(gradient_of_max(from_values({1.f, nan, 3.f, nan}, {4}), {0}), (std::vector<double>{0, 3, 0, 3}));
}

TEST(Extremum, AHundredThousandTiesInFloat16ShareWithoutOverflow) {
  const Tensor x = requires_grad(full({100000}, 1, DType::f16));
  backward(ops::max(x), full({}, 60000, DType::f16));
  EXPECT_NEAR(grad(x).to_vector<double>()[7], 0.6, 1e-3);
}

TEST(TopK, ValuesCarryAGradientAndIndicesDoNot) {
  const ops::TopK top = ops::topk(requires_grad(from_values({1.f, 4.f, 2.f}, {3})), 2);
  EXPECT_TRUE(top.values.requires_grad());
  EXPECT_FALSE(top.indices.requires_grad());
  EXPECT_EQ(top.indices.to_vector<int64_t>(), (std::vector<int64_t>{1, 2}));
}

}  // namespace
}  // namespace triad
