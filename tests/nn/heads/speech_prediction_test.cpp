#include "triad/nn/heads/speech_prediction.h"

#include <cmath>
#include <limits>

#include <gtest/gtest.h>

#include "triad/autograd/autograd.h"
#include "triad/core/tensor/views.h"
#include "triad/nn/initialize.h"
#include "triad/ops/elementwise/binary.h"
#include "triad/ops/registry/comparison.h"

namespace triad::nn {
namespace {

constexpr int64_t kMels = 4, kDistances = 3;
constexpr RandomKey kKey{.seed = 33};
const std::vector<int64_t> kLengths = {23, 1, 30, 8, 9, 5, 12, 17};

/// Strides whose product divides the reach of the convolutions, and strides that leave a rest.
constexpr std::pair<int64_t, int64_t> kStrides[] = {{2, 2}, {1, 1}, {1, 2}, {2, 1}, {3, 1}, {3, 3}, {2, 3}};

SpeechEncoderOptions small(const std::pair<int64_t, int64_t>& strides) {
  return {.mels = kMels,
          .channels = 6,
          .first_stride = strides.first,
          .second_stride = strides.second,
          .hidden = 5,
          .layers = 1,
          .dropout = 0};
}

Tensor lengths_of(const std::vector<int64_t>& lengths) { return from_values(lengths, {std::ssize(lengths)}); }

struct Predictor {
  explicit Predictor(const std::pair<int64_t, int64_t>& strides)
      : encoder(small(strides), kKey), head(encoder, kDistances, 0.5, kKey) {}

  /// Steps of an utterance of so many frames.
  int64_t steps(int64_t frames) const { return (frames + encoder.stride() - 1) / encoder.stride(); }

  SpeechEncoder encoder;
  SpeechPredictionHead head;
};

/// The gradient of the frames from the state of one direction at one step, for a batch of one utterance.
std::vector<float> gradient_of_state(const SpeechEncoder& encoder, const Tensor& frames_in, bool reverse,
                                     int64_t step) {
  const Tensor frames = requires_grad(frames_in.detach());
  const SpeechStates states = encoder.forward(frames, lengths_of({frames.size(1)}), {});
  const Tensor& hidden = reverse ? states.backward_BTH : states.forward_BTH;
  Tensor cotangent = zeros(hidden.shape());
  std::fill_n(cotangent.mutable_data<float>() + step * hidden.size(2), hidden.size(2), 1.0f);
  backward(hidden, cotangent);
  return grad(frames).to_vector<float>();
}

TEST(SpeechPrediction, AStateNeverHeardTheFramesItHasToPredict) {
  for (const auto& strides : kStrides) {
    const Predictor s(strides);
    const int64_t length = 6 * s.encoder.stride() + 7, steps = s.steps(length), shift = s.head.shift();
    const Tensor frames = normal({1, length, kMels}, 1, kKey);
    for (const bool reverse : {false, true}) {
      for (int64_t t = 0; t < steps; ++t) {
        const int64_t future = reverse ? t - shift : t + shift;
        if (future < 0 || future >= steps) continue;
        const std::vector<float> gradient = gradient_of_state(s.encoder, frames, reverse, t);
        const int64_t first = future * s.encoder.stride(), last = std::min(length, first + s.encoder.stride());
        for (int64_t i = first * kMels; i < last * kMels; ++i)
          ASSERT_EQ(gradient[static_cast<size_t>(i)], 0)
              << "strides " << strides.first << ", " << strides.second << (reverse ? ", backward" : ", forward")
              << ": the state of step " << t << " heard frame " << i / kMels;
      }
    }
  }
}

TEST(SpeechPrediction, TheShiftIsTheSmallestThatHides) {
  for (const auto& strides : kStrides) {
    const Predictor s(strides);
    const int64_t length = 6 * s.encoder.stride() + 7, steps = s.steps(length), nearer = s.head.shift() - 1;
    if (nearer == 0) continue;
    const Tensor frames = normal({1, length, kMels}, 1, kKey);
    bool heard = false;
    for (const bool reverse : {false, true}) {
      const int64_t t = steps / 2, future = reverse ? t - nearer : t + nearer;
      const std::vector<float> gradient = gradient_of_state(s.encoder, frames, reverse, t);
      for (int64_t i = future * s.encoder.stride() * kMels; i < (future + 1) * s.encoder.stride() * kMels; ++i)
        heard = heard || gradient[static_cast<size_t>(i)] != 0;
    }
    EXPECT_TRUE(heard) << "strides " << strides.first << ", " << strides.second;
  }
}

/// The states as leaves, so that what a loss reads of them shows in their gradients.
SpeechStates as_leaves(const SpeechStates& states) {
  SpeechStates leaves = states;
  for (Tensor* t : {&leaves.features_BTC, &leaves.forward_BTH, &leaves.backward_BTH})
    *t = requires_grad(clone(t->detach()));
  return leaves;
}

TEST(SpeechPrediction, CountsEqualWhatIsSummed) {
  for (const auto& strides : kStrides) {
    Predictor s(strides);
    const int64_t shift = s.head.shift(), stride = s.encoder.stride();
    int64_t frames = 0, features = 0;
    double expected_features = 0;
    for (const int64_t length : kLengths) {
      const int64_t steps = s.steps(length);
      for (int64_t t = 0; t < steps; ++t) {
        for (const int64_t sign : {1, -1}) {
          const int64_t future = t + sign * shift;
          for (int64_t f = future * stride; f < (future + 1) * stride; ++f) frames += future >= 0 && f < length;
          for (int64_t i = 0; i < kDistances; ++i) {
            const bool counts = future + sign * i >= 0 && future + sign * i < steps;
            features += counts;
            expected_features += counts ? std::log(static_cast<double>(steps)) : 0;
          }
        }
      }
    }
    EXPECT_EQ(s.head.frame_count(lengths_of(kLengths)), frames * kMels);
    EXPECT_EQ(s.head.feature_count(lengths_of(kLengths)), features);

    // A head of zeros predicts 0 for frames of 1 and finds all steps of an utterance equally likely.
    for (const NamedParameter& p : parameters_of(s.head)) p.parameter->assign(p.name, zeros(p.parameter->shape()));
    const Tensor ones = full({std::ssize(kLengths), 32, kMels}, 1);
    const SpeechStates states = s.encoder.forward(ones, lengths_of(kLengths), {});
    const LossSum frame_loss = s.head.frame_loss(states, ones, lengths_of(kLengths)),
                  feature_loss = s.head.feature_loss(states);
    EXPECT_EQ(frame_loss.count, frames * kMels);
    EXPECT_EQ(frame_loss.sum.item(), static_cast<double>(frames * kMels));
    EXPECT_EQ(feature_loss.count, features);
    EXPECT_NEAR(feature_loss.sum.item(), expected_features, 1e-5 * (1 + expected_features));
  }
}

TEST(SpeechPrediction, FramesArePredictedFromTheStepThatLiesTheShiftAway) {
  const Predictor s({2, 2});
  const int64_t length = 26, steps = 7, shift = s.head.shift(), stride = 4;
  const Tensor frames = normal({1, length, kMels}, 1, kKey);
  const SpeechStates states = s.encoder.forward(frames, lengths_of({length}), {});
  const std::vector<double> truth = frames.to_vector<double>();
  double expected = 0;
  for (const bool reverse : {false, true}) {
    const std::vector<double> guess =
        s.head.frames[reverse]->forward(reverse ? states.backward_BTH : states.forward_BTH).to_vector<double>();
    for (int64_t t = 0; t < steps; ++t) {
      const int64_t future = reverse ? t - shift : t + shift;
      for (int64_t i = 0; i < stride * kMels; ++i) {
        const int64_t at = future * stride * kMels + i;
        if (at >= 0 && at < length * kMels)
          expected += std::abs(guess[static_cast<size_t>(t * stride * kMels + i)] - truth[static_cast<size_t>(at)]);
      }
    }
  }
  EXPECT_NEAR(s.head.frame_loss(states, frames, lengths_of({length})).sum.item(), expected, 1e-5 * expected);
}

TEST(SpeechPrediction, PaddingHasNoInfluence) {
  const int64_t longest = 30;
  const auto clip = [](size_t b) {
    return normal({1, kLengths[b], kMels}, 1, kKey.for_sample(static_cast<uint32_t>(b)));
  };
  struct Result {
    double frames, features;
    std::vector<Tensor> gradients;
  };
  const auto run = [&](const Tensor& frames, const std::vector<int64_t>& lengths) {
    Predictor s({2, 2});
    const SpeechStates states = s.encoder.forward(frames, lengths_of(lengths), {});
    const Tensor a = s.head.frame_loss(states, frames, lengths_of(lengths)).sum, b = s.head.feature_loss(states).sum;
    Result result{a.item(), b.item(), {}};
    if ((a + b).requires_grad()) backward(a + b);
    for (Module* module : {static_cast<Module*>(&s.encoder), static_cast<Module*>(&s.head)}) {
      for (const NamedParameter& p : parameters_of(*module)) {
        const Tensor g = grad(p.parameter->value());
        result.gradients.push_back(g.defined() ? g : zeros(p.parameter->shape()));
      }
    }
    return result;
  };
  const auto padded = [&](int64_t frames, float padding) {
    Tensor all = full({std::ssize(kLengths), frames, kMels}, static_cast<double>(padding));
    for (size_t b = 0; b < kLengths.size(); ++b) {
      const auto row = static_cast<int64_t>(b);
      Tensor place = views::slice(views::slice(all, 0, row, row + 1), 1, 0, kLengths[b]);
      copy_into(place, clip(b));
    }
    return all;
  };
  const Result expected = run(padded(longest, 0), kLengths);
  EXPECT_GT(expected.frames, 0);
  EXPECT_GT(expected.features, 0);
  const Result poisoned = run(padded(longest, std::numeric_limits<float>::quiet_NaN()), kLengths);
  EXPECT_EQ(poisoned.frames, expected.frames);
  EXPECT_EQ(poisoned.features, expected.features);
  for (size_t i = 0; i < expected.gradients.size(); ++i)
    EXPECT_TRUE(ops::compare_bits(poisoned.gradients[i], expected.gradients[i]).passed) << i;

  const Result longer = run(padded(longest + 11, 2), kLengths);
  EXPECT_NEAR(longer.frames, expected.frames, 1e-5 * expected.frames);
  EXPECT_NEAR(longer.features, expected.features, 1e-5 * expected.features);
  double frames = 0, features = 0;
  std::vector<Tensor> sums;
  for (size_t b = 0; b < kLengths.size(); ++b) {
    const Result alone = run(clip(b), {kLengths[b]});
    frames += alone.frames, features += alone.features;
    for (size_t i = 0; i < alone.gradients.size(); ++i)
      b == 0 ? sums.push_back(alone.gradients[i]) : void(sums[i] = sums[i] + alone.gradients[i]);
  }
  EXPECT_NEAR(frames, expected.frames, 1e-5 * expected.frames);
  EXPECT_NEAR(features, expected.features, 1e-5 * expected.features);
  for (size_t i = 0; i < sums.size(); ++i) {
    const ops::Comparison same = ops::compare(sums[i], expected.gradients[i], 1e-5);
    EXPECT_TRUE(same.passed) << i << ": " << same.message;
  }
}

TEST(SpeechPrediction, EachDirectionLearnsFromItsOwnPredictions) {
  const Predictor s({2, 2});
  const int64_t length = 30;
  const Tensor frames = normal({1, length, kMels}, 1, kKey);
  const SpeechStates states = as_leaves(s.encoder.forward(frames, lengths_of({length}), {}));
  backward(s.head.frame_loss(states, frames, lengths_of({length})).sum + s.head.feature_loss(states).sum);
  const int64_t steps = 8, shift = s.head.shift(), hidden = 5;
  const std::vector<float> forward = grad(states.forward_BTH).to_vector<float>(),
                           backward = grad(states.backward_BTH).to_vector<float>();
  for (int64_t i = 0; i < steps * hidden; ++i) {
    const int64_t t = i / hidden;
    EXPECT_EQ(forward[static_cast<size_t>(i)] != 0, t + shift < steps)
        << t;  // the last steps have no future to predict
    EXPECT_EQ(backward[static_cast<size_t>(i)] != 0, t - shift >= 0) << t;
  }
}

}  // namespace
}  // namespace triad::nn
