#include "triad/nn/encoders/speech_encoder.h"

#include <cmath>
#include <limits>

#include <gtest/gtest.h>

#include "tests/harness/message_of.h"
#include "triad/autograd/autograd.h"
#include "triad/core/tensor/views.h"
#include "triad/nn/initialize.h"
#include "triad/ops/registry/comparison.h"

namespace triad::nn {
namespace {

constexpr int64_t kMels = 5;
constexpr RandomKey kKey{.seed = 21};
const std::vector<int64_t> kLengths = {13, 1, 20, 2, 7, 4};
const Context kTraining{.training = true, .key = {.seed = 3, .site = 8}};

SpeechEncoderOptions small(int64_t first_stride = 2, int64_t second_stride = 2) {
  return {.mels = kMels,
          .channels = 12,
          .first_stride = first_stride,
          .second_stride = second_stride,
          .hidden = 8,
          .layers = 2,
          .dropout = 0.2};
}

Tensor lengths_of(const std::vector<int64_t>& lengths) { return from_values(lengths, {std::ssize(lengths)}); }

/// Clip b of the test, always the same: [1, length, mels].
Tensor clip(size_t b) { return normal({1, kLengths[b], kMels}, 1, kKey.for_sample(static_cast<uint32_t>(b))); }

/// All clips, with `padding` wherever none is, to `frames` frames.
Tensor batch(int64_t frames, float padding) {
  Tensor all = full({std::ssize(kLengths), frames, kMels}, static_cast<double>(padding));
  for (size_t b = 0; b < kLengths.size(); ++b) {
    Tensor place =
        views::slice(views::slice(all, 0, static_cast<int64_t>(b), static_cast<int64_t>(b) + 1), 1, 0, kLengths[b]);
    copy_into(place, clip(b));
  }
  return all;
}

/// What an encoder gives and the gradients of its weights and of the frames, for a cotangent that belongs to each step.
struct Pass {
  SpeechStates states;
  Tensor frame_gradient;
  std::vector<Tensor> weight_gradients;
};

Pass run(const Tensor& frames_in, const std::vector<int64_t>& lengths, const Context& context) {
  SpeechEncoder encoder(small(), kKey);
  const Tensor frames = requires_grad(frames_in.detach());
  Pass pass{encoder.forward(frames, lengths_of(lengths), context), {}, {}};
  const Tensor joined = pass.states.joined();
  Tensor cotangent = empty_like(joined);  // the same for a clip whatever stands around it
  const int64_t per_step = joined.size(2);
  for (int64_t i = 0; i < joined.numel(); ++i) {
    const int64_t step = i / per_step % joined.size(1), sample = i / per_step / joined.size(1) + context.key.sample;
    cotangent.mutable_data<float>()[i] =
        static_cast<float>(std::sin(static_cast<double>(1 + i % per_step + 7 * step + 31 * sample)));
  }
  backward(joined, cotangent);
  pass.frame_gradient = grad(frames);
  for (const NamedParameter& p : parameters_of(encoder)) pass.weight_gradients.push_back(grad(p.parameter->value()));
  return pass;
}

void expect_equal(const Tensor& got, const Tensor& expected, double tolerance, const std::string& what) {
  const ops::Comparison same =
      tolerance == 0 ? ops::compare_bits(got, expected) : ops::compare(got, expected, tolerance);
  EXPECT_TRUE(same.passed) << what << ": " << same.message;
}

TEST(SpeechEncoder, WhatStandsInThePaddingHasNoInfluence) {
  const Pass expected = run(batch(20, 0), kLengths, kTraining);
  for (const float padding :
       {1e30f, std::numeric_limits<float>::quiet_NaN(), -std::numeric_limits<float>::infinity()}) {
    const Pass got = run(batch(20, padding), kLengths, kTraining);
    expect_equal(got.states.joined(), expected.states.joined(), 0, "states");
    expect_equal(got.states.features_BTC, expected.states.features_BTC, 0, "features");
    expect_equal(got.frame_gradient, expected.frame_gradient, 0, "gradient of the frames");
    for (size_t i = 0; i < got.weight_gradients.size(); ++i)
      expect_equal(got.weight_gradients[i], expected.weight_gradients[i], 0, str("gradient ", i));
  }
}

TEST(SpeechEncoder, AClipIsTheSameAloneAndInABatchOfAnyLength) {
  for (const int64_t frames : {20, 33}) {
    const Pass together = run(batch(frames, 3), kLengths, kTraining);
    std::vector<Tensor> sums;
    for (size_t b = 0; b < kLengths.size(); ++b) {
      Context context = kTraining;
      context.key.sample += static_cast<uint32_t>(b);
      const Pass alone = run(clip(b), {kLengths[b]}, context);
      const auto of_batch = [&](const Tensor& t, int64_t positions) {
        return views::slice(views::slice(t.detach(), 0, static_cast<int64_t>(b), static_cast<int64_t>(b) + 1), 1, 0,
                            positions);
      };
      const int64_t steps = alone.states.forward_BTH.size(1);
      EXPECT_EQ(steps, (kLengths[b] + 3) / 4);
      expect_equal(of_batch(together.states.joined(), steps), alone.states.joined(), 1e-6, str("states of clip ", b));
      expect_equal(of_batch(together.frame_gradient, kLengths[b]), alone.frame_gradient, 2e-6,
                   str("frames of clip ", b));
      for (size_t i = 0; i < alone.weight_gradients.size(); ++i) {
        if (b == 0) sums.push_back(zeros(alone.weight_gradients[i].shape(), DType::f64));
        const std::vector<double> more = alone.weight_gradients[i].to_vector<double>();
        for (size_t j = 0; j < more.size(); ++j) sums[i].mutable_data<double>()[j] += more[j];
      }
    }
    for (size_t i = 0; i < sums.size(); ++i)
      expect_equal(together.weight_gradients[i], clone_as(sums[i], DType::f32), 1e-5, str("gradient ", i));
  }
}

TEST(SpeechEncoder, StatesBeyondTheEndOfAClipAreZeroAndItsFramesGetNoGradient) {
  const Pass pass = run(batch(23, 1), kLengths, kTraining);
  const std::vector<float> states = pass.states.joined().to_vector<float>(),
                           gradient = pass.frame_gradient.to_vector<float>();
  const std::vector<int64_t> steps = pass.states.lengths_B.to_vector<int64_t>(),
                             mask = pass.states.mask_BT.to_vector<int64_t>();
  EXPECT_EQ(steps, (std::vector<int64_t>{4, 1, 5, 1, 2, 1}));
  for (size_t i = 0; i < states.size(); ++i) {
    const size_t step = i / 16 % 6, b = i / 16 / 6;
    EXPECT_EQ(states[i] != 0, static_cast<int64_t>(step) < steps[b]) << i;
    EXPECT_EQ(mask[i / 16] != 0, static_cast<int64_t>(step) < steps[b]) << i;
  }
  for (size_t i = 0; i < gradient.size(); ++i)
    EXPECT_EQ(gradient[i] != 0, static_cast<int64_t>(i / kMels % 23) < kLengths[i / kMels / 23]) << i;
}

/// For a batch of one clip: whether d(state of step t)/d(frame f) is not exactly 0, [steps][frames].
std::vector<std::vector<bool>> influence(const SpeechEncoder& encoder, const Tensor& frames_in, bool reverse) {
  std::vector<std::vector<bool>> all;
  const int64_t length = frames_in.size(1);
  for (int64_t t = 0;; ++t) {
    const Tensor frames = requires_grad(frames_in.detach());
    const SpeechStates states = encoder.forward(frames, lengths_of({length}), {});
    const Tensor& hidden = reverse ? states.backward_BTH : states.forward_BTH;
    if (t == hidden.size(1)) return all;
    Tensor cotangent = zeros(hidden.shape());
    std::fill_n(cotangent.mutable_data<float>() + t * hidden.size(2), hidden.size(2), 1.0f);
    backward(hidden, cotangent);
    const std::vector<float> gradient = grad(frames).to_vector<float>();
    all.emplace_back(length);
    for (size_t i = 0; i < gradient.size(); ++i)
      if (!(gradient[i] == 0)) all.back()[i / kMels] = true;
  }
}

TEST(SpeechEncoder, OneStackNeverSeesTheFutureTheOtherNeverThePast) {
  const int64_t length = 19;
  const Tensor frames = normal({1, length, kMels}, 1, kKey);
  for (const auto& [first, second] : {std::pair<int64_t, int64_t>{2, 2}, {1, 1}, {1, 2}, {2, 1}, {3, 1}}) {
    const SpeechEncoder encoder(small(first, second), kKey);
    for (const bool reverse : {false, true}) {
      const auto seen = influence(encoder, frames, reverse);
      ASSERT_EQ(std::ssize(seen), (length + encoder.stride() - 1) / encoder.stride());
      for (int64_t t = 0; t < std::ssize(seen); ++t) {
        // The last frame a step may look at, or the first one; everything before, or after, has been heard.
        const int64_t edge = encoder.stride() * t + (reverse ? -encoder.reach() : encoder.reach());
        for (int64_t f = 0; f < length; ++f) {
          EXPECT_EQ(seen[static_cast<size_t>(t)][static_cast<size_t>(f)], reverse ? f >= edge : f <= edge)
              << "strides " << first << ", " << second << (reverse ? ", backward" : ", forward") << ": step " << t
              << ", frame " << f;
        }
      }
    }
  }
}

TEST(SpeechEncoder, JoinsBothDirections) {
  const SpeechEncoder encoder(small(), kKey);
  const SpeechStates states = encoder.forward(batch(20, 0), lengths_of(kLengths), {});
  EXPECT_EQ(encoder.output_width(), 16);
  ASSERT_EQ(states.joined().shape(), (Shape{6, 5, 16}));
  expect_equal(views::slice(states.joined().detach(), 2, 0, 8), states.forward_BTH, 0, "first half");
  expect_equal(views::slice(states.joined().detach(), 2, 8, 16), states.backward_BTH, 0, "second half");
}

TEST(SpeechEncoder, ComputesInBf16) {
  const SpeechEncoder encoder(small(), kKey);
  const Tensor expected = encoder.forward(batch(20, 0), lengths_of(kLengths), {}).joined();
  const float nan = std::numeric_limits<float>::quiet_NaN();
  const Tensor got = encoder.forward(batch(20, nan), lengths_of(kLengths), {.dtype = DType::bf16}).joined();
  EXPECT_EQ(got.dtype(), DType::bf16);
  expect_equal(clone_as(got.detach(), DType::f32), expected, 0.03, "states");
}

TEST(SpeechEncoder, RefusesLengthsThatCannotBe) {
  const SpeechEncoder encoder(small(), kKey);
  const auto message = [&](const std::vector<int64_t>& lengths) {
    return harness::message_of<ValueError>([&] { encoder.forward(zeros({2, 4, kMels}), lengths_of(lengths), {}); });
  };
  EXPECT_EQ(message({4, 0}), "SpeechEncoder: lengths[1] is 0, expected at least 1");
  EXPECT_EQ(message({5, 1}), "length_mask: lengths[0] is 5, expected 0 to 4");
}

}  // namespace
}  // namespace triad::nn
