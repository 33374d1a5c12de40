// Scaled dot-product attention. Axes: B batch, H heads, Q queries, K keys, D head width.
#pragma once

#include "triad/core/base/philox.h"
#include "triad/core/tensor/tensor.h"
#include "triad/ops/registry/kernel_table.h"

namespace triad::ops {

struct AttentionOptions {
  double scale = 0;     ///< of the scores; 0 means 1/sqrt(D)
  bool causal = false;  ///< query i sees keys 0..i only
  double dropout = 0;   ///< probability of dropping an attention weight, in [0, 1)
  RandomKey key;        ///< stream of the dropout mask; axis B is the sample axis
};

/// y = softmax(scale * q k^T + mask) v, head by head.                                        [arXiv:1706.03762, eq. 1]
/// shapes   q: [B, H, Q, D]   k, v: [B, H, K, D]   key_mask: [B, K] or undefined → y: [B, H, Q, D]
///          y lies in memory as [B, Q, H, D], so that joining the heads afterwards moves nothing
/// dtypes   q, k, v of one dtype f32, f64, bf16, f16; computed in f32 (f64 for f64), where bf16 products may take softmax
///          weights and their derivatives rounded to bf16. key_mask bool, true: may be seen
/// numerics scores are never materialised: softmax runs online over blocks of keys [arXiv:2205.14135]. A query that sees
///          no key gives 0 and has no gradient. Masked keys and values may hold anything, NaN included, and get the
///          gradient 0. NaN elsewhere, and scores that overflow, give NaN
/// dropout  weight (h, i, j) of sample b uses word j % 4 of options.key.block(attention_dropout_block(h, i, j), b), whatever Q
///          and K are: padding changes no mask. Kept weights are divided by 1 - dropout
/// saves    q, k, v, y, log-sum-exp [B, H, Q]       grads: q, k, v
/// errors   ShapeError, DTypeError, DeviceError; ValueError for a negative scale, a dropout outside of [0, 1), and dropout with
///          more than kMostDropoutPositions queries or keys, or kMostDropoutHeads heads
/// Inputs may be views; if the last axis is not dense they are copied.
Tensor attention(const Tensor& q, const Tensor& k, const Tensor& v, const Tensor& key_mask = {},
                 const AttentionOptions& options = {});

/// As far as the 32 bits of a block's number reach.
inline constexpr int64_t kMostDropoutPositions = 8192, kMostDropoutHeads = 256;
constexpr uint32_t attention_dropout_block(int64_t h, int64_t i, int64_t j) {
  return static_cast<uint32_t>(((h * kMostDropoutPositions + i) * kMostDropoutPositions + j) / 4);
}

/// Kernel interface. All of shape [B, H, T, D] with a dense last axis and any other strides; `scale` is resolved;
/// key_mask is contiguous [B, K] or undefined; lse is contiguous [B, H, Q] in the accumulation dtype, -inf for a query
/// that sees no key.
struct AttentionForward {
  const Tensor &q, &k, &v, &key_mask;
  const AttentionOptions& options;
  Tensor &y, &lse;
};
struct AttentionBackward {
  const Tensor &q, &k, &v, &key_mask;
  const AttentionOptions& options;
  const Tensor &y, &lse, &dy;
  Tensor &dq, &dk, &dv;
};
extern KernelTable<AttentionForward> attention_forward;
extern KernelTable<AttentionBackward> attention_backward;

}  // namespace triad::ops
