#include "triad/nn/heads/masked_image.h"

#include <cmath>
#include <limits>

#include <gtest/gtest.h>

#include "tests/harness/message_of.h"
#include "triad/autograd/autograd.h"
#include "triad/nn/initialize.h"

namespace triad::nn {
namespace {

constexpr int64_t kBatch = 2, kChannels = 3, kRows = 2, kColumns = 3, kPatch = 4, kPixels = kPatch * kPatch * kChannels;

Tensor images() { return normal({kBatch, kChannels, kRows * kPatch, kColumns * kPatch}, 1, {.seed = 2}); }

Tensor visible() {
  return from_values<bool>({true, false, true, true, false, false, false, true, true, true, true, false},
                           {kBatch, kRows, kColumns});
}

TEST(Patchify, PixelsOfATokenRowByRowChannelsLast) {
  const std::vector<float> image = images().to_vector<float>(), patches = patchify(images(), kPatch).to_vector<float>();
  ASSERT_EQ(patchify(images(), kPatch).shape(), (Shape{kBatch, kRows * kColumns, kPixels}));
  size_t next = 0;
  for (int64_t b = 0; b < kBatch; ++b) {
    for (int64_t token = 0; token < kRows * kColumns; ++token) {
      for (int64_t i = 0; i < kPixels; ++i) {
        const int64_t channel = i % kChannels, y = token / kColumns * kPatch + i / kChannels / kPatch,
                      x = token % kColumns * kPatch + i / kChannels % kPatch;
        const int64_t at = ((b * kChannels + channel) * kRows * kPatch + y) * kColumns * kPatch + x;
        EXPECT_EQ(patches[next++], image[static_cast<size_t>(at)]);
      }
    }
  }
}

TEST(MaskedImageLoss, CountsThePixelsOfHiddenTokensOnly) {
  const Tensor predicted = requires_grad(normal({kBatch, kRows * kColumns, kPixels}, 1, {.seed = 3}));
  const Tensor loss = masked_image_loss(predicted, images(), visible());
  backward(loss);
  const std::vector<float> guess = predicted.to_vector<float>(), truth = patchify(images(), kPatch).to_vector<float>();
  const std::vector<float> gradient = grad(predicted).to_vector<float>();
  const std::vector<int64_t> seen = visible().to_vector<int64_t>();
  double expected = 0;
  for (size_t i = 0; i < guess.size(); ++i) {
    const double difference = static_cast<double>(guess[i]) - static_cast<double>(truth[i]);
    const bool counts = !seen[i / kPixels];
    expected += counts ? std::abs(difference) : 0;
    EXPECT_EQ(gradient[i], counts ? (difference > 0 ? 1 : -1) : 0) << i;
  }
  EXPECT_NEAR(loss.item(), expected, 1e-5 * expected);
}

TEST(MaskedImageLoss, VisiblePixelsMayBeAnything) {
  const auto loss = [](float elsewhere) {
    Tensor predicted = normal({kBatch, kRows * kColumns, kPixels}, 1, {.seed = 3});
    const std::vector<int64_t> seen = visible().to_vector<int64_t>();
    float* values = predicted.mutable_data<float>();
    for (int64_t i = 0; i < predicted.numel(); ++i) {
      if (seen[static_cast<size_t>(i / kPixels)]) values[i] = elsewhere;
    }
    return masked_image_loss(predicted, images(), visible()).item();
  };
  EXPECT_EQ(loss(std::numeric_limits<float>::quiet_NaN()), loss(0));
}

TEST(DrawVisibleTokens, HidesWholeBlocksOfTheShareAsked) {
  for (const auto& [h, w, hidden] : {std::tuple<int64_t, int64_t, int64_t>{8, 8, 40}, {4, 2, 4}, {2, 4, 4}}) {
    const std::vector<bool> visible = draw_visible_tokens(h, w, 0.6, {.seed = 5});
    EXPECT_EQ(std::count(visible.begin(), visible.end(), false), hidden) << h << "×" << w;
    for (int64_t y = 0; y < h; ++y) {
      for (int64_t x = 0; x < w; ++x)
        EXPECT_EQ(visible[static_cast<size_t>(y * w + x)], visible[static_cast<size_t>(y / 2 * 2 * w + x / 2 * 2)]);
    }
  }
}

TEST(DrawVisibleTokens, SomethingIsHiddenAndSomethingVisible) {
  for (const double ratio : {0.001, 0.999}) {
    for (const auto& [h, w] : {std::pair<int64_t, int64_t>{1, 3}, {3, 1}, {5, 7}}) {
      const std::vector<bool> visible = draw_visible_tokens(h, w, ratio, {.seed = 5});
      const auto hidden = std::count(visible.begin(), visible.end(), false);
      EXPECT_GT(hidden, 0) << ratio;
      EXPECT_LT(hidden, h * w) << ratio;
    }
  }
}

TEST(DrawVisibleTokens, EveryKeyAnotherMask) {
  const auto draw = [](const RandomKey& key) { return draw_visible_tokens(8, 8, 0.5, key); };
  const RandomKey key{.seed = 5, .step = 1, .sample = 2};
  EXPECT_EQ(draw(key), draw(key));
  EXPECT_NE(draw(key), draw(key.for_sample(3)));
  EXPECT_NE(draw(key), draw({.seed = 5, .step = 2, .sample = 2}));
}

TEST(DrawVisibleTokens, WhatCannotBeIsRefused) {
  EXPECT_EQ(harness::message_of<ValueError>([] { draw_visible_tokens(4, 4, 1, {}); }),
            "draw_visible_tokens: ratio is 1, expected one between 0 and 1");
  EXPECT_EQ(harness::message_of<ShapeError>([] { draw_visible_tokens(2, 2, 0.5, {}); }),
            "draw_visible_tokens: a grid of 2×2 tokens is too small to hide a part of");
}

}  // namespace
}  // namespace triad::nn
