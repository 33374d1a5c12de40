#include <cmath>

#include <gtest/gtest.h>

#include "tests/harness/message_of.h"
#include "triad/core/base/error.h"
#include "triad/nn/initialize.h"

namespace triad::nn {
namespace {

/// Largest deviation of the products of rows (or columns) with each other from gain^2 times the unit matrix.
double deviation(const Tensor& weight, double gain) {
  const int64_t rows = weight.size(0), columns = weight.numel() / rows, count = std::min(rows, columns);
  const std::vector<double> w = weight.to_vector<double>();
  const auto at = [&](int64_t vector, int64_t i) {
    return w[static_cast<size_t>(rows <= columns ? vector * columns + i : i * columns + vector)];
  };
  double worst = 0;
  for (int64_t a = 0; a < count; ++a) {
    for (int64_t b = 0; b < count; ++b) {
      double product = 0;
      for (int64_t i = 0; i < std::max(rows, columns); ++i) product += at(a, i) * at(b, i);
      worst = std::max(worst, std::abs(product - (a == b ? gain * gain : 0)));
    }
  }
  return worst;
}

TEST(Orthogonal, RowsOrColumnsAreOrthonormalTimesGain) {
  for (const Shape& shape : {Shape{1, 1}, Shape{7, 7}, Shape{3, 10}, Shape{10, 3}, Shape{8, 2, 3}, Shape{130, 130}})
    EXPECT_LT(deviation(orthogonal(shape, 1.5, {.seed = 3}), 1.5), 1e-6) << shape;
}

TEST(Orthogonal, IsAFunctionOfTheKey) {
  const auto values = [](uint64_t seed) { return orthogonal({5, 9}, 1, {.seed = seed}).to_vector<double>(); };
  EXPECT_EQ(values(1), values(1));
  EXPECT_NE(values(1), values(2));
}

TEST(Orthogonal, SignsAreNotThoseOfHouseholder) {  // an unadjusted Q has a first entry of one sign for all draws
  int negative = 0;
  for (uint64_t seed = 0; seed < 100; ++seed)
    negative += orthogonal({4, 4}, 1, {.seed = seed}).to_vector<double>()[0] < 0;
  EXPECT_GT(negative, 30);
  EXPECT_LT(negative, 70);
}

TEST(Orthogonal, RefusesAVector) {
  EXPECT_EQ(harness::message_of<ShapeError>([] { orthogonal({4}, 1, {}); }),
            "orthogonal: expected a weight [out, ...], got shape [4]");
}

}  // namespace
}  // namespace triad::nn
