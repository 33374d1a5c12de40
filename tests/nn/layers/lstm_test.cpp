#include "triad/nn/layers/lstm.h"

#include <algorithm>

#include <gtest/gtest.h>

#include "triad/autograd/autograd.h"
#include "triad/nn/initialize.h"

namespace triad::nn {
namespace {

constexpr int64_t kTime = 7, kInputs = 3, kHidden = 4;
const std::vector<int64_t> kLengths = {7, 4, 1};

TEST(LstmStack, LooksOneWayOnly) {
  for (const bool reverse : {false, true}) {
    const LstmStack stack(kInputs, kHidden, 3, reverse, 0, {.seed = 2});
    for (int64_t t = 0; t < kTime; ++t) {
      const Tensor x = requires_grad(normal({std::ssize(kLengths), kTime, kInputs}, 1, {.seed = 3}));
      const Tensor y = stack.forward(x, from_values(kLengths, {std::ssize(kLengths)}), {});
      Tensor cotangent = zeros(y.shape());
      for (int64_t b = 0; b < std::ssize(kLengths); ++b)
        std::fill_n(cotangent.mutable_data<float>() + (b * kTime + t) * kHidden, kHidden, 1.0f);
      backward(y, cotangent);
      const std::vector<float> gradient = grad(x).to_vector<float>();
      for (size_t i = 0; i < gradient.size(); ++i) {
        const int64_t at = static_cast<int64_t>(i / kInputs) % kTime, length = kLengths[i / kInputs / kTime];
        EXPECT_EQ(gradient[i] != 0, t < length && at < length && (reverse ? at >= t : at <= t))
            << (reverse ? "backward" : "forward") << ", step " << t << ", input " << at << ", length " << length;
      }
    }
  }
}

TEST(LstmStack, DropsBetweenLayersOnly) {
  const auto run = [](int64_t layers, bool training) {
    const LstmStack stack(kInputs, kHidden, layers, false, 0.5, {.seed = 2});
    const Context context{.training = training, .key = {.seed = 5}};
    return stack.forward(normal({2, kTime, kInputs}, 1, {.seed = 3}), {}, context).to_vector<float>();
  };
  EXPECT_EQ(run(1, true), run(1, false));
  EXPECT_NE(run(2, true), run(2, false));
  EXPECT_EQ(run(2, true), run(2, true));
  EXPECT_EQ(std::ranges::count(run(2, true), 0.0f), 0) << "the top is not dropped";
}

}  // namespace
}  // namespace triad::nn
