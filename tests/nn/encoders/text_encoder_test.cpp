#include "triad/nn/encoders/text_encoder.h"

#include <gtest/gtest.h>

#include "triad/autograd/autograd.h"

namespace triad::nn {
namespace {

TextEncoder encoder_with(TextPooling pooling) {
  return TextEncoder(
      {.vocabulary = 5, .width = 2, .layers = 0, .heads = 1, .hidden = 2, .max_positions = 4, .pooling = pooling}, {});
}

/// Two texts of three positions; the second has one of padding, which holds NaN.
const Tensor kHidden = from_values<float>({1, 2, 3, 4, 5, 9, /**/ 7, 8, 9, 10, NAN, NAN}, {2, 3, 2});
const Tensor kMask = from_values({true, true, true, true, true, false}, {2, 3});

TEST(TextPooling, TheMeanIsThatOfThePositionsSeen) {
  EXPECT_EQ(encoder_with(TextPooling::mean).pool(kHidden, kMask).to_vector<double>(),
            (std::vector<double>{3, 5, 8, 9}));
}

TEST(TextPooling, ClsIsTheFirstPosition) {
  const Tensor hidden = requires_grad(kHidden.detach());
  const Tensor pooled = encoder_with(TextPooling::cls).pool(hidden, kMask);
  EXPECT_EQ(pooled.to_vector<double>(), (std::vector<double>{1, 2, 7, 8}));
  backward(pooled, full({2, 2}, 1));
  EXPECT_EQ(grad(hidden).to_vector<double>(), (std::vector<double>{1, 1, 0, 0, 0, 0, 1, 1, 0, 0, 0, 0}));
}

}  // namespace
}  // namespace triad::nn
