// Axes: B clips, M mel bands, F frames, T steps of kStride frames, C width.
#include "triad/bench/steps/speech_step.h"

#include <cmath>

#include "triad/nn/initialize.h"
#include "triad/ops/activation/gelu.h"
#include "triad/ops/elementwise/binary.h"
#include "triad/ops/elementwise/cast.h"
#include "triad/ops/loss/l1.h"
#include "triad/ops/shape/reshape.h"

namespace triad::bench {
namespace {

constexpr int64_t kBatch = 32, kBands = 80, kFrames = 200, kWidth = 256;
constexpr int64_t kStride = 4, kSteps = kFrames / kStride;
constexpr int64_t kAhead = 3;  // steps
constexpr int64_t kKernel = 3;
constexpr ops::Conv1dOptions kConvolution{.stride = 2, .padding = 1};

Tensor kernel(int64_t in, RandomKey key) {
  return nn::normal({kWidth, in, kKernel}, 1 / std::sqrt(static_cast<double>(kKernel * in)), key);
}

Tensor prediction_weight(RandomKey key) { return nn::xavier_uniform({kStride * kBands, kWidth}, key); }

}  // namespace

SpeechStep::SpeechStep(RandomKey key)
    : first_(kernel(kBands, key.at("first")), kConvolution),
      second_(kernel(kWidth, key.at("second")), kConvolution),
      forward_(kWidth, kWidth, /*layers=*/2, /*reverse=*/false, /*dropout=*/0, key.at("forward")),
      backward_(kWidth, kWidth, /*layers=*/2, /*reverse=*/true, /*dropout=*/0, key.at("backward")),
      predict_forward_(prediction_weight(key.at("predict_forward"))),
      predict_backward_(prediction_weight(key.at("predict_backward"))),
      frames_BMF_(nn::normal({kBatch, kBands, kFrames}, 1, key.at("frames"))) {}

void SpeechStep::visit(const nn::Visitor& visitor) {
  visitor("first", first_);
  visitor("second", second_);
  visitor("forward", forward_);
  visitor("backward", backward_);
  visitor("predict_forward", predict_forward_);
  visitor("predict_backward", predict_backward_);
}

Tensor SpeechStep::loss(const nn::Context& context) const {
  const Tensor frames = ops::cast(frames_BMF_, context.dtype);
  const Tensor x_BTC = ops::transpose(ops::gelu(second_.forward(ops::gelu(first_.forward(frames)))), 1, 2);
  const Tensor target = ops::reshape(ops::transpose(frames, 1, 2), {kBatch, kSteps, kStride * kBands});
  const auto early = [](const Tensor& t) { return ops::slice(t, 1, 0, kSteps - kAhead); };
  const auto late = [](const Tensor& t) { return ops::slice(t, 1, kAhead, kSteps); };
  const Tensor ahead = predict_forward_.forward(early(forward_.forward(x_BTC, {}, context)));
  const Tensor behind = predict_backward_.forward(late(backward_.forward(x_BTC, {}, context)));
  return ops::l1_loss(ahead, late(target)) + ops::l1_loss(behind, early(target));
}

std::vector<NamedTensor> SpeechStep::batch() const { return {{"frames", frames_BMF_}}; }

double SpeechStep::flops() const {
  const double first = product_flops(kBatch * kFrames / 2, kKernel * kBands, kWidth);
  const double second = product_flops(kBatch * kSteps, kKernel * kWidth, kWidth);
  const double lstm = 4 * product_flops(kBatch * kSteps, 2 * kWidth, 4 * kWidth);
  const double predictions = 2 * product_flops(kBatch * (kSteps - kAhead), kWidth, kStride * kBands);
  return 2 * first + 3 * (second + lstm + predictions);
}

}  // namespace triad::bench
