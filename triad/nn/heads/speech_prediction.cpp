#include "triad/nn/heads/speech_prediction.h"

#include <algorithm>
#include <cmath>

#include "triad/nn/initialize.h"
#include "triad/nn/layers/mask.h"
#include "triad/ops/elementwise/binary.h"
#include "triad/ops/elementwise/cast.h"
#include "triad/ops/elementwise/where.h"
#include "triad/ops/loss/cross_entropy.h"
#include "triad/ops/loss/l1.h"
#include "triad/ops/matmul/matmul.h"
#include "triad/ops/shape/pad.h"
#include "triad/ops/shape/reshape.h"

namespace triad::nn {
namespace {

constexpr double kHidden = -1e30;   // a score no softmax notices
constexpr int64_t kIgnored = -100;  // target of a step without a future

/// The part of axis 1 whose future lies `distance` ahead (forward) or behind (backward), and that future.
struct Pairing {
  int64_t distance;
  bool reverse;
  Tensor context(const Tensor& x) const { return cut(x, !reverse); }
  Tensor future(const Tensor& x) const { return cut(x, reverse); }

 private:
  Tensor cut(const Tensor& x, bool head) const {
    const int64_t length = x.size(1);
    return head ? ops::slice(x, 1, 0, length - distance) : ops::slice(x, 1, distance, length);
  }
};

}  // namespace

SpeechPredictionHead::SpeechPredictionHead(const SpeechEncoder& encoder, int64_t distances, double initial_stddev,
                                           RandomKey key)
    : stride_(encoder.stride()),
      shift_((encoder.reach() + encoder.stride() - 1) / encoder.stride() + 1),
      mels_(encoder.options().mels) {
  const int64_t hidden = encoder.options().hidden, channels = encoder.options().channels;
  for (uint32_t direction = 0; direction < 2; ++direction) {
    const RandomKey at = key.at(direction);
    frames[direction] =
        std::make_unique<Linear>(truncated_normal({stride_ * mels_, hidden}, initial_stddev, at.at("frames")));
    for (int64_t i = 0; i < distances; ++i) {
      features[direction].push_back(std::make_unique<Linear>(
          truncated_normal({channels, hidden}, initial_stddev, at.at("features").at(static_cast<uint32_t>(i))), false));
    }
  }
}

void SpeechPredictionHead::visit(const Visitor& visitor) {
  visitor("forward_frames", *frames[0]);
  visitor("backward_frames", *frames[1]);
  visitor("forward_features", features[0]);
  visitor("backward_features", features[1]);
}

std::vector<int64_t> SpeechPredictionHead::steps_of(const Tensor& lengths_B) const {
  std::vector<int64_t> steps = lengths_B.to_vector<int64_t>();
  for (int64_t& length : steps) length = (length + stride_ - 1) / stride_;
  return steps;
}

int64_t SpeechPredictionHead::frame_count(const Tensor& lengths_B) const {
  int64_t count = 0;
  for (const int64_t length : lengths_B.to_vector<int64_t>()) {
    const int64_t steps = (length + stride_ - 1) / stride_;
    count += std::max<int64_t>(0, length - shift_ * stride_);                     // forward: all but the first frames
    count += std::max<int64_t>(0, std::min(length, (steps - shift_) * stride_));  // backward: all but the last steps
  }
  return count * mels_;
}

int64_t SpeechPredictionHead::feature_count(const Tensor& lengths_B) const {
  int64_t count = 0;
  for (const int64_t steps : steps_of(lengths_B)) {
    for (int64_t i = 0; i < std::ssize(features[0]); ++i) count += 2 * std::max<int64_t>(0, steps - shift_ - i);
  }
  return count;
}

LossSum SpeechPredictionHead::frame_loss(const SpeechStates& states, const Tensor& frames_BFM,
                                         const Tensor& lengths_B) const {
  const int64_t batch = frames_BFM.size(0), given = frames_BFM.size(1), steps = states.features_BTC.size(1);
  LossSum loss{zeros({}), frame_count(lengths_B)};
  if (steps <= shift_) return loss;
  const Tensor visible = length_mask(lengths_B, given);
  const auto by_step = [&](const Tensor& x, int64_t width) {
    const std::array<std::array<int64_t, 2>, 3> padding{{{0, 0}, {0, steps * stride_ - given}, {0, 0}}};
    return ops::reshape(ops::pad(x, padding), {batch, steps, width});
  };
  const Tensor target = by_step(ops::cast(frames_BFM, DType::f32), stride_ * mels_);
  const Tensor weight =
      by_step(ops::cast(ops::expand(ops::unsqueeze(visible, -1), {batch, given, mels_}), DType::f32), stride_ * mels_);
  for (size_t direction = 0; direction < 2; ++direction) {
    const Pairing pairing{shift_, direction == 1};
    const Tensor& hidden = direction == 0 ? states.forward_BTH : states.backward_BTH;
    const Tensor predicted = ops::cast(frames[direction]->forward(pairing.context(hidden)), DType::f32);
    // A step beyond the end of its utterance predicts nothing: its future lies beyond the end as well (forward), or it
    // has heard nothing yet (backward).
    Tensor counted = pairing.future(weight);
    if (direction == 1) counted = hide_masked(counted, ops::contiguous(pairing.context(states.mask_BT)));
    loss.sum = loss.sum + ops::l1_loss(predicted, pairing.future(target), ops::Reduction::sum, counted);
  }
  return loss;
}

LossSum SpeechPredictionHead::feature_loss(const SpeechStates& states) const {
  const int64_t batch = states.features_BTC.size(0), steps = states.features_BTC.size(1);
  const int64_t channels = states.features_BTC.size(2);
  const Tensor features_BCT = ops::transpose(states.features_BTC, 1, 2);
  const Tensor candidates = ops::unsqueeze(states.mask_BT, 1);
  const std::vector<int64_t> lengths = states.lengths_B.to_vector<int64_t>();
  LossSum loss{zeros({}), 0};
  for (size_t direction = 0; direction < 2; ++direction) {
    const Tensor& hidden = direction == 0 ? states.forward_BTH : states.backward_BTH;
    for (size_t i = 0; i < features[direction].size(); ++i) {
      const int64_t ahead = direction == 0 ? shift_ + static_cast<int64_t>(i) : -shift_ - static_cast<int64_t>(i);
      std::vector<int64_t> targets;
      for (const int64_t length : lengths) {
        for (int64_t t = 0; t < steps; ++t) {
          const bool counts = t < length && t + ahead >= 0 && t + ahead < length;
          targets.push_back(counts ? t + ahead : kIgnored);
          loss.count += counts;
        }
      }
      const Tensor scores = ops::matmul(features[direction][i]->forward(hidden), features_BCT);
      const Tensor scaled = ops::cast(scores, DType::f32) / static_cast<double>(channels);
      const Tensor logits = ops::where(candidates, scaled, full({}, kHidden));
      loss.sum = loss.sum + ops::cross_entropy(logits, from_values(targets, {batch, steps}),
                                               {.ignore_index = kIgnored, .reduction = ops::Reduction::sum});
    }
  }
  return loss;
}

}  // namespace triad::nn
