#include "triad/nn/heads/answer.h"

#include "triad/nn/initialize.h"
#include "triad/ops/elementwise/cast.h"
#include "triad/ops/reduce/sum.h"
#include "triad/ops/shape/reshape.h"

namespace triad::nn {

AnswerHead::AnswerHead(const TransformerOptions& block, int64_t count, int64_t image_width, int64_t answers,
                       RandomKey key)
    : norm(block.width, block.norm_eps),
      answer(truncated_normal({answers, block.width}, block.initial_stddev, key.at("answer"))) {
  for (int64_t i = 0; i < count; ++i)
    layers.push_back(std::make_unique<FusionBlock>(block, image_width, key.at("layers").at(static_cast<uint32_t>(i))));
}

void AnswerHead::visit(const Visitor& visitor) {
  visitor("layers", layers);
  visitor("norm", norm);
  visitor("answer", answer);
}

Tensor AnswerHead::forward(const Tensor& question_BTC, const Tensor& question_mask_BT, const Memory& image,
                           const Context& context) const {
  Tensor x = question_BTC;
  for (size_t i = 0; i < layers.size(); ++i)
    x = layers[i]->forward(x, question_mask_BT, image, context.at(str("layers.", i)));
  return ops::cast(answer.forward(norm.forward(ops::select(x, 1, 0))), DType::f32);
}

Tensor AnswerHead::attention(const Tensor& question_BTC, const Tensor& question_mask_BT, const Memory& image) const {
  require<ValueError>(!layers.empty(), "AnswerHead", "there is no block that could attend");
  Tensor x = question_BTC;
  for (size_t i = 0; i + 1 < layers.size(); ++i)
    x = layers[i]->forward(x, question_mask_BT, image, {.dtype = x.dtype()});
  const Tensor weights_BHTS = layers.back()->cross_attention_weights(x, question_mask_BT, image);
  return ops::cast(ops::mean(ops::select(weights_BHTS, 2, 0), {1}), DType::f32);
}

}  // namespace triad::nn
