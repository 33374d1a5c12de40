#pragma once

#include "triad/nn/layers/embedding.h"
#include "triad/nn/layers/linear.h"
#include "triad/nn/layers/norm.h"
#include "triad/nn/module.h"

namespace triad::nn {

/// BERT's head for masked tokens: dense, GELU, layer norm, then scores by the token table itself (tied) plus a bias.
/// Weight for weight the head of Hugging Face's BertForMaskedLM.
class MaskedLmHead : public Module {
 public:
  MaskedLmHead(int64_t width, int64_t vocabulary, double norm_eps, double initial_stddev, RandomKey key);

  void visit(const Visitor& visitor) override;
  /// hidden: [..., C], tokens: the table of the encoder [V, C] → logits [..., V].
  Tensor forward(const Tensor& hidden, const Embedding& tokens) const;

  Linear transform;
  LayerNorm norm;
  Parameter bias;  ///< [V]
};

/// Rows of hidden [B, T, C] at `positions` (i64 [N], each b * T + t) → [N, C]: logits are only made where they are needed.
Tensor rows_at(const Tensor& hidden_BTC, const Tensor& positions);

}  // namespace triad::nn
