// Log-mel frames → two convolutions in time → two stacks of one-way LSTMs, one in each direction, joined at the top.
// A stack that only ever looked one way can be pretrained to predict what it has not seen [arXiv:1904.03240].
// Axes: B batch, F mel frames, M mel bands, T steps (F over the strides), C channels, H hidden.
#pragma once

#include "triad/nn/layers/convolution.h"
#include "triad/nn/layers/lstm.h"
#include "triad/nn/layers/norm.h"
#include "triad/nn/module.h"

namespace triad::nn {

struct SpeechEncoderOptions {
  int64_t mels = 40;
  int64_t channels = 128;
  int64_t first_stride = 2;
  int64_t second_stride = 2;
  int64_t hidden = 128;  ///< of one direction
  int64_t layers = 2;    ///< of one direction
  double dropout = 0.1;
};

/// What the encoder knows of a batch of utterances. Positions beyond a length are 0.
struct SpeechStates {
  Tensor features_BTC;  ///< after the convolutions: what the LSTMs read
  Tensor forward_BTH;   ///< having read steps 0..t
  Tensor backward_BTH;  ///< having read steps t..end
  Tensor lengths_B;     ///< i64, in steps
  Tensor mask_BT;       ///< bool, true for steps within the length

  /// [B, T, 2H]: both directions.
  Tensor joined() const;
};

class SpeechEncoder : public Module {
 public:
  SpeechEncoder(const SpeechEncoderOptions& options, RandomKey key);

  void visit(const Visitor& visitor) override;
  /// frames: [B, F, M] log-mel, lengths: i64 [B] in frames, each 1 to F. What lies beyond a length has no influence, NaN
  /// included, and neither has the amount of padding. ValueError for a length out of range.
  SpeechStates forward(const Tensor& frames_BFM, const Tensor& lengths_B, const Context& context) const;

  int64_t output_width() const { return 2 * options_.hidden; }
  const SpeechEncoderOptions& options() const { return options_; }
  /// Frames that one step advances.
  int64_t stride() const { return options_.first_stride * options_.second_stride; }
  /// Step t depends on frames stride() * t - reach() to stride() * t + reach().
  int64_t reach() const;

  Conv1d first_convolution, second_convolution;
  LayerNorm first_norm, second_norm;
  LstmStack forward_lstm, backward_lstm;

 private:
  SpeechEncoderOptions options_;
};

}  // namespace triad::nn
