#pragma once

#include <memory>
#include <vector>

#include "triad/nn/layers/linear.h"
#include "triad/nn/layers/norm.h"
#include "triad/nn/layers/transformer.h"
#include "triad/nn/module.h"

namespace triad::nn {

/// Answers questions about pictures: the encoded question reads the encoded picture through fusion blocks, and one of a
/// closed list of answers is picked from the result at the first position.
class AnswerHead : public Module {
 public:
  /// `block.width`: of the fusion blocks and of the encoded question.
  AnswerHead(const TransformerOptions& block, int64_t layers, int64_t image_width, int64_t answers, RandomKey key);

  void visit(const Visitor& visitor) override;
  /// question: [B, T, width], question_mask: bool [B, T], image: tokens of pictures, of width image_width
  /// → logits f32 [B, answers].
  Tensor forward(const Tensor& question_BTC, const Tensor& question_mask_BT, const Memory& image,
                 const Context& context) const;
  /// Where the answers look: how much the first position attends to each token of the picture in the last block, the mean
  /// over heads. f32 [B, S], rows of sum 1. ValueError without blocks.
  Tensor attention(const Tensor& question_BTC, const Tensor& question_mask_BT, const Memory& image) const;

  std::vector<std::unique_ptr<FusionBlock>> layers;
  LayerNorm norm;
  Linear answer;
};

}  // namespace triad::nn
