#include "triad/nn/layers/spec_augment.h"

#include <limits>

#include <gtest/gtest.h>

#include "triad/ops/registry/comparison.h"
#include "tests/harness/message_of.h"
#include "triad/autograd/autograd.h"
#include "triad/core/tensor/views.h"
#include "triad/nn/encoders/speech_encoder.h"
#include "triad/nn/initialize.h"
#include "triad/ops/reduce/sum.h"

namespace triad::nn {
namespace {

constexpr RandomKey kKey{.seed = 4, .step = 2, .site = 7};
constexpr int64_t kFrames = 40, kMels = 12;

Tensor lengths_of(const std::vector<int64_t>& lengths) { return from_values(lengths, {std::ssize(lengths)}); }

/// Whether the value at [0, frame, mel] of sample `key.sample` stays, for 40 frames of which 30 are used.
std::vector<bool> kept(const SpecAugmentOptions& options, const RandomKey& key) {
  const Tensor ones = full({1, kFrames, kMels}, 1);
  std::vector<bool> out;
  for (const float v : spec_augment(ones, lengths_of({30}), options, key).to_vector<float>()) {
    EXPECT_TRUE(v == 0 || v == 1);
    out.push_back(v == 1);
  }
  return out;
}

TEST(SpecAugment, WithoutBandsAndSpansNothingIsHidden) {
  const Tensor x = normal({2, kFrames, kMels}, 1, kKey);
  EXPECT_EQ(spec_augment(x, lengths_of({40, 3}), {}, kKey).storage(), x.storage());
}

TEST(SpecAugment, ABandIsTheSameInAllFramesOfTheClipAndAtMostAsWideAsAsked) {
  std::vector<int> times(5);
  for (uint32_t sample = 0; sample < 2000; ++sample) {
    const auto keep = kept({.bands = 1, .band_width = 4}, kKey.for_sample(sample));
    int64_t hidden = 0, starts = 0;
    for (int64_t m = 0; m < kMels; ++m) {
      for (int64_t t = 0; t < kFrames; ++t) ASSERT_EQ(keep[t * kMels + m], t >= 30 || keep[m]);
      if (!keep[m]) ++hidden;
      if (!keep[m] && (m == 0 || keep[m - 1])) ++starts;
    }
    ASSERT_LE(hidden, 4);
    ASSERT_LE(starts, 1) << "a gap in the band of sample " << sample;
    ++times[static_cast<size_t>(hidden)];
  }
  for (const int n : times) EXPECT_NEAR(n, 400, 80) << "widths are not uniform";  // 4.5 standard deviations
}

TEST(SpecAugment, ASpanHidesWholeFramesOfTheClipOnly) {
  double hidden = 0;
  for (uint32_t sample = 0; sample < 500; ++sample) {
    const auto keep = kept({.spans = 1, .span_share = 0.5}, kKey.for_sample(sample));
    int64_t frames = 0;
    for (int64_t t = 0; t < kFrames; ++t) {
      for (int64_t m = 0; m < kMels; ++m) ASSERT_EQ(keep[t * kMels + m], keep[t * kMels]);
      if (keep[t * kMels]) continue;
      ASSERT_LT(t, 30);
      ++frames;
    }
    ASSERT_LE(frames, 15);
    hidden += static_cast<double>(frames);
  }
  EXPECT_NEAR(hidden / 500, 7.5, 1);
}

TEST(SpecAugment, ASampleIsCutTheSameWhereverItStandsInTheBatch) {
  const SpecAugmentOptions options{.bands = 2, .band_width = 5, .spans = 2};
  const Tensor x = normal({3, kFrames, kMels}, 1, kKey);
  const Tensor all = spec_augment(x, lengths_of({40, 12, 33}), options, kKey);
  const Tensor last = spec_augment(views::slice(x, 0, 2, 3), lengths_of({33}), options, kKey.for_sample(2));
  const auto same = ops::compare_bits(views::slice(all, 0, 2, 3), last);
  EXPECT_TRUE(same.passed) << same.message;
}

TEST(SpecAugment, WhatIsHiddenHasNoInfluenceAndGetsNoGradient) {
  const SpecAugmentOptions options{.bands = 2, .band_width = 5, .spans = 1};
  const auto keep = kept(options, kKey);
  Tensor x = full({1, kFrames, kMels}, 2);
  for (size_t i = 0; i < keep.size(); ++i)
    if (!keep[i]) x.mutable_data<float>()[i] = std::numeric_limits<float>::quiet_NaN();
  requires_grad(x);
  const Tensor y = spec_augment(x, lengths_of({30}), options, kKey);
  backward(ops::sum(y));
  const auto value = y.to_vector<float>(), gradient = grad(x).to_vector<float>();
  for (size_t i = 0; i < keep.size(); ++i) {
    EXPECT_EQ(value[i], keep[i] ? 2.0f : 0.0f);
    EXPECT_EQ(gradient[i], keep[i] ? 1.0f : 0.0f);
  }
}

TEST(SpecAugment, TheSpeechEncoderHidesInTrainingOnly) {
  SpeechEncoderOptions options{.mels = kMels, .channels = 6, .hidden = 4, .layers = 1, .dropout = 0};
  const SpeechEncoder plain(options, kKey);
  options.augment = {.bands = 2, .band_width = 6, .spans = 1};
  const SpeechEncoder augmented(options, kKey);
  const Tensor x = normal({2, kFrames, kMels}, 1, kKey), lengths = lengths_of({40, 21});
  const auto same = [&](const Context& context) {
    return ops::compare_bits(plain.forward(x, lengths, context).joined(),
                                 augmented.forward(x, lengths, context).joined())
        .passed;
  };
  EXPECT_TRUE(same({}));
  EXPECT_FALSE(same({.training = true, .key = kKey}));
}

TEST(SpecAugment, RefusesLengthsThatCannotBe) {
  EXPECT_EQ(
      harness::message_of<ValueError>([] { spec_augment(zeros({2, 5, 3}), lengths_of({5, 6}), {.bands = 1}, kKey); }),
      "spec_augment: lengths[1] is 6, expected 0 to 5");
}

}  // namespace
}  // namespace triad::nn
