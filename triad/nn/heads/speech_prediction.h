// Self-supervision of the speech encoder: predict what a one-way stack of LSTMs has not heard yet, as frames (APC
// [arXiv:1904.03240]) and as features among distractors (CPC [arXiv:1807.03748]). Each direction predicts its own future.
// Axes: B batch, T steps, F frames, M mel bands, C feature channels, H hidden.
#pragma once

#include <array>
#include <memory>
#include <vector>

#include "triad/nn/encoders/speech_encoder.h"
#include "triad/nn/layers/linear.h"
#include "triad/nn/module.h"

namespace triad::nn {

/// A sum of terms, and how many there are: a mean over any union of batches is the ratio of the sums.
struct LossSum {
  Tensor sum;  ///< scalar, f32
  int64_t count = 0;
};

class SpeechPredictionHead : public Module {
 public:
  /// `distances`: how many different distances into the future CPC predicts.
  SpeechPredictionHead(const SpeechEncoder& encoder, int64_t distances, double initial_stddev, RandomKey key);

  void visit(const Visitor& visitor) override;

  /// APC: sum of |predicted - true| over the mel values of the frames under the step that lies shift() steps ahead, for
  /// both directions. frames: [B, F, M], lengths: i64 [B] in frames.
  LossSum frame_loss(const SpeechStates& states, const Tensor& frames_BFM, const Tensor& lengths_B) const;

  /// CPC: sum over steps and distances of the cross-entropy of picking the true future feature among all steps of the
  /// same utterance. Negatives from one utterance share its speaker and noise [arXiv:2002.02848] and keep samples
  /// independent of each other, so that accumulation over micro-batches is exact.
  LossSum feature_loss(const SpeechStates& states) const;

  /// Number of terms of frame_loss and feature_loss for utterances of these lengths in frames.
  int64_t frame_count(const Tensor& lengths_B) const;
  int64_t feature_count(const Tensor& lengths_B) const;

  /// The smallest distance, in steps, at which no frame of a step is in sight, whichever way one looks. The frames of step
  /// t are stride * t to stride * t + stride - 1: looking back, the last of them must lie beyond the reach, so that
  /// stride * shift - (stride - 1) > reach.
  int64_t shift() const { return shift_; }

  std::array<std::unique_ptr<Linear>, 2> frames;                 ///< forward, backward: [stride * M, H]
  std::array<std::vector<std::unique_ptr<Linear>>, 2> features;  ///< for each distance: [C, H], no bias

 private:
  int64_t stride_, shift_, mels_;
  std::vector<int64_t> steps_of(const Tensor& lengths_B) const;
};

}  // namespace triad::nn
