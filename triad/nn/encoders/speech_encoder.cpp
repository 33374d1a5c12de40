#include "triad/nn/encoders/speech_encoder.h"

#include <array>
#include <cmath>

#include "triad/nn/initialize.h"
#include "triad/nn/layers/dropout.h"
#include "triad/nn/layers/mask.h"
#include "triad/ops/activation/gelu.h"
#include "triad/ops/elementwise/cast.h"
#include "triad/ops/shape/concat.h"
#include "triad/ops/shape/reshape.h"

namespace triad::nn {
namespace {

constexpr int64_t kFirstKernel = 5, kSecondKernel = 3;

Conv1d convolution(int64_t inputs, int64_t outputs, int64_t kernel, int64_t stride, RandomKey key) {
  const double stddev = std::sqrt(2.0 / static_cast<double>(inputs * kernel));
  return Conv1d(normal({outputs, inputs, kernel}, stddev, key), {.stride = stride, .padding = kernel / 2});
}

}  // namespace

Tensor SpeechStates::joined() const { return ops::concat({forward_BTH, backward_BTH}, -1); }

SpeechEncoder::SpeechEncoder(const SpeechEncoderOptions& o, RandomKey key)
    : first_convolution(convolution(o.mels, o.channels, kFirstKernel, o.first_stride, key.at("first_convolution"))),
      second_convolution(
          convolution(o.channels, o.channels, kSecondKernel, o.second_stride, key.at("second_convolution"))),
      first_norm(o.channels, 1e-5),
      second_norm(o.channels, 1e-5),
      forward_lstm(o.channels, o.hidden, o.layers, /*reverse=*/false, o.dropout, key.at("forward_lstm")),
      backward_lstm(o.channels, o.hidden, o.layers, /*reverse=*/true, o.dropout, key.at("backward_lstm")),
      options_(o) {}

void SpeechEncoder::visit(const Visitor& visitor) {
  visitor("first_convolution", first_convolution);
  visitor("first_norm", first_norm);
  visitor("second_convolution", second_convolution);
  visitor("second_norm", second_norm);
  visitor("forward_lstm", forward_lstm);
  visitor("backward_lstm", backward_lstm);
}

int64_t SpeechEncoder::reach() const { return kFirstKernel / 2 + options_.first_stride * (kSecondKernel / 2); }

SpeechStates SpeechEncoder::forward(const Tensor& frames_BFM, const Tensor& lengths_B, const Context& context) const {
  check_rank("SpeechEncoder", "frames", frames_BFM, 3);
  std::vector<int64_t> lengths = lengths_B.to_vector<int64_t>();
  for (size_t b = 0; b < lengths.size(); ++b)
    require<ValueError>(lengths[b] > 0, "SpeechEncoder", "lengths[", b, "] is ", lengths[b], ", expected at least 1");

  Tensor x = hide_masked(ops::cast(frames_BFM, context.dtype), length_mask(lengths_B, frames_BFM.size(1)));
  Tensor steps = lengths_B, mask;
  // Normalised over channels, step by step: statistics over time would let a step see its future, and padding.
  const auto layer = [&](const Conv1d& convolution, const LayerNorm& norm) {
    x = ops::transpose(convolution.forward(ops::contiguous(ops::transpose(x, 1, 2))), 1, 2);
    for (int64_t& length : lengths) length = convolution.output_length(length);
    steps = from_values(lengths, {static_cast<int64_t>(lengths.size())});
    mask = length_mask(steps, x.size(1));
    x = hide_masked(ops::gelu(norm.forward(ops::contiguous(x))), mask);
  };
  layer(first_convolution, first_norm);
  layer(second_convolution, second_norm);
  const Tensor features = dropout(x, options_.dropout, context.at("features"));
  return {.features_BTC = x,
          .forward_BTH = forward_lstm.forward(features, steps, context.at("forward_lstm")),
          .backward_BTH = backward_lstm.forward(features, steps, context.at("backward_lstm")),
          .lengths_B = steps,
          .mask_BT = mask};
}

}  // namespace triad::nn
