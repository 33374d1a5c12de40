#include "triad/core/tensor/print.h"

#include <cmath>
#include <sstream>

#include <gtest/gtest.h>

#include "triad/autograd/autograd.h"
#include "triad/core/tensor/views.h"

namespace triad {
namespace {

TEST(Print, FloatsStandInColumns) {
  EXPECT_EQ(to_string(from_values({1.5f, -22.25f, 0.f, 4.f}, {2, 2})),
            "tensor f32 [2, 2]\n"
            "[[  1.5000, -22.2500],\n"
            " [  0.0000,   4.0000]]");
}

TEST(Print, WholeFloatsShowOneDigit) {
  EXPECT_EQ(to_string(from_values({1.0, -2.0, 30.0}, {3})), "tensor f64 [3]\n[ 1.0, -2.0, 30.0]");
}

TEST(Print, NaNAndInfinityStandOutAndDoNotChangeTheNotation) {
  EXPECT_EQ(to_string(from_values({std::nanf(""), HUGE_VALF, -HUGE_VALF, 0.25f}, {4})),
            "tensor f32 [4]\n[   nan,    inf,   -inf, 0.2500]");
  EXPECT_EQ(to_string(full({2}, std::nan(""), DType::bf16)), "tensor bf16 [2]\n[nan, nan]");
}

TEST(Print, SmallOrLargeNumbersAreScientific) {
  EXPECT_EQ(to_string(from_values({1e-7f, 1.f}, {2})), "tensor f32 [2]\n[1.0000e-07, 1.0000e+00]");
  EXPECT_EQ(to_string(from_values({1e12, -3.0}, {2}), {.precision = 1}), "tensor f64 [2]\n[ 1.0e+12, -3.0e+00]");
}

TEST(Print, IntegersAreExactAndBoolsAreWords) {
  EXPECT_EQ(to_string(from_values<int64_t>({INT64_MAX, -1}, {2})),
            "tensor i64 [2]\n[9223372036854775807,                  -1]");
  EXPECT_EQ(to_string(from_values({true, false}, {2, 1})), "tensor bool [2, 1]\n[[ true],\n [false]]");
}

TEST(Print, ScalarsEmptyAndUndefinedTensors) {
  EXPECT_EQ(to_string(full({}, 0.5)), "tensor f32 []\n0.5000");
  EXPECT_EQ(to_string(zeros({2, 0})), "tensor f32 [2, 0]\n[]");
  EXPECT_EQ(to_string(Tensor()), "tensor undefined");
}

TEST(Print, LargeTensorsShowTheirEnds) {
  std::vector<int64_t> values(2000);
  for (size_t i = 0; i < values.size(); ++i) values[i] = static_cast<int64_t>(i);
  EXPECT_EQ(to_string(from_values(values, {2, 1000}), {.edge = 2}),
            "tensor i64 [2, 1000]\n"
            "[[   0,    1, ...,  998,  999],\n"
            " [1000, 1001, ..., 1998, 1999]]");
  EXPECT_EQ(to_string(from_values(values, {1000, 2}), {.edge = 1}),
            "tensor i64 [1000, 2]\n"
            "[[   0,    1],\n"
            " ...,\n"
            " [1998, 1999]]");
}

TEST(Print, LongRowsAreBroken) {
  EXPECT_EQ(to_string(zeros({2, 4}, DType::i32), {.line_width = 6}),
            "tensor i32 [2, 4]\n"
            "[[0, 0,\n"
            "  0, 0],\n"
            " [0, 0,\n"
            "  0, 0]]");
}

TEST(Print, ViewsPrintWhatTheyShowAndGradientsAreMentioned) {
  const Tensor t = from_values<int32_t>({1, 2, 3, 4, 5, 6}, {2, 3});
  EXPECT_EQ(to_string(views::transpose(t, 0, 1)), "tensor i32 [3, 2]\n[[1, 4],\n [2, 5],\n [3, 6]]");
  std::ostringstream out;
  out << requires_grad(zeros({1}));
  EXPECT_EQ(out.str(), "tensor f32 [1], requires a gradient\n[0.0]");
}

}  // namespace
}  // namespace triad
