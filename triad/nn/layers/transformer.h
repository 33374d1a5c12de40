// Transformer blocks. Axes: B batch, T positions, S positions of the memory, C width.
#pragma once

#include "triad/nn/layers/attention.h"
#include "triad/nn/layers/linear.h"
#include "triad/nn/layers/norm.h"
#include "triad/nn/module.h"

namespace triad::nn {

/// Where a block normalises: the sum (as BERT) or the input of each part (as ViT).
enum class NormOrder { post, pre };

struct TransformerOptions {
  int64_t width = 0;
  int64_t heads = 0;
  int64_t hidden = 0;  ///< width between the two layers of the feed-forward part
  NormOrder order = NormOrder::pre;
  double norm_eps = 1e-6;
  double dropout = 0;            ///< after each part
  double attention_dropout = 0;  ///< of attention weights
  double initial_stddev = 0.02;
  /// On the initial weights that write into the residual stream. Near 0 a block begins as the identity, and its input
  /// reaches what comes after it unmixed [arXiv:2003.04887].
  double residual_gain = 1;

  double residual_stddev() const { return residual_gain * initial_stddev; }
};

/// linear → GELU (erf) → linear.
class FeedForward : public Module {
 public:
  /// `outer_stddev`: of the initial weights of the outer layer, `initial_stddev`: of the inner.
  FeedForward(int64_t width, int64_t hidden, double initial_stddev, double outer_stddev, RandomKey key);

  void visit(const Visitor& visitor) override;
  /// x: [..., width] → same.
  Tensor forward(const Tensor& x) const;

  Linear inner, outer;
};

/// Self-attention and feed-forward, each with a residual connection.
/// post: x = norm(x + part(x)) [arXiv:1810.04805]; pre: x = x + part(norm(x)) [arXiv:2010.11929].
class TransformerBlock : public Module {
 public:
  /// ShapeError for a width that does not divide into the heads.
  TransformerBlock(const TransformerOptions& options, RandomKey key);

  void visit(const Visitor& visitor) override;
  /// x: [B, T, C], key_mask: bool [B, T] or undefined → [B, T, C].
  Tensor forward(const Tensor& x_BTC, const Tensor& key_mask_BT, const Context& context) const;

  SelfAttention attention;
  LayerNorm attention_norm;
  FeedForward feed_forward;
  LayerNorm feed_forward_norm;

 private:
  NormOrder order_;
  double dropout_;
};

/// A pre-norm block that also attends to a memory, between the two other parts.
class FusionBlock : public Module {
 public:
  /// ValueError for the post-norm order, ShapeError for a width that does not divide into the heads.
  FusionBlock(const TransformerOptions& options, int64_t memory_width, RandomKey key);

  void visit(const Visitor& visitor) override;
  /// x: [B, T, C], key_mask: bool [B, T] or undefined, memory of width memory_width → [B, T, C].
  Tensor forward(const Tensor& x_BTC, const Tensor& key_mask_BT, const Memory& memory, const Context& context) const;
  /// The weights of the cross-attention in forward(), outside of training: [B, heads, T, S].
  Tensor cross_attention_weights(const Tensor& x_BTC, const Tensor& key_mask_BT, const Memory& memory) const;

  SelfAttention attention;
  LayerNorm attention_norm;
  CrossAttention cross_attention;
  LayerNorm cross_attention_norm;
  FeedForward feed_forward;
  LayerNorm feed_forward_norm;

 private:
  Tensor attend_to_self(const Tensor& x_BTC, const Tensor& key_mask_BT, const Context& context) const;

  double dropout_;
};

}  // namespace triad::nn
