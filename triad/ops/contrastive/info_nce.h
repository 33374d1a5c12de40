// Contrastive loss between two sets of embeddings. Axes: N rows of a, M rows of b, D shared width.
#pragma once

#include "triad/core/tensor/tensor.h"
#include "triad/ops/registry/kernel_table.h"

namespace triad::ops {

/// InfoNCE with several positives [arXiv:1807.03748, arXiv:2004.11362 (L_out)], symmetric as in CLIP [arXiv:2103.00020].
/// Scores s_ij = exp(log_scale) a_i . b_j. Row j of b is a positive of anchor a_i if their identities are equal, else a
/// negative. With P(i) the positives of i, and A the anchors that have any:
///   rows(a, b) = 1/|A| sum_{i in A} ( log sum_j exp s_ij - 1/|P(i)| sum_{p in P(i)} s_ip )
///   loss = ( rows(a, b) + rows(b, a) ) / 2
/// An anchor without positives is a negative for others and nothing else; without any positives the loss is 0.
/// shapes   a: [N, D]   b: [M, D]   ids_a: i64 [N]   ids_b: i64 [M]   log_scale: scalar → scalar
/// dtypes   a, b, log_scale: all f32 or all f64
/// numerics scores are made in tiles and never stored: memory is O(N + M) beside the gradients
/// saves    a, b, ids; log-sum-exps and numbers of positives, [N] and [M]        grads: a, b, log_scale
/// errors   ShapeError, DTypeError, DeviceError
Tensor info_nce(const Tensor& a, const Tensor& b, const Tensor& ids_a, const Tensor& ids_b, const Tensor& log_scale);

/// Kernel interface: one side of the loss, x being the anchors; everything contiguous.
/// lse[i] = log sum_j exp s_ij; positive[i] = sum of s_ip over positives; count[i]: i64, how many there are.
struct InfoNceRows {
  const Tensor &x, &y, &ids_x, &ids_y;
  double scale;
  Tensor &lse, &positive, &count;
};
/// What a pass over one side knows of its anchors: weight[i] = dLoss/d(term of anchor i), 0 without positives.
struct InfoNceSide {
  const Tensor &lse, &count, &weight;
};
/// dx_i = scale sum_j g_ij y_j and dlog_scale[i] = sum_j g_ij s_ij, where g_ij = dLoss/ds_ij has a part from each side:
///   g_ij = weight_x[i] (exp(s_ij - lse_x[i]) - [positive]/count_x[i]) + weight_y[j] (exp(s_ij - lse_y[j]) - [positive]/count_y[j])
struct InfoNceRowsBackward {
  const Tensor &x, &y, &ids_x, &ids_y;
  double scale;
  InfoNceSide side_x, side_y;
  Tensor &dx, &dlog_scale;
};
extern KernelTable<InfoNceRows> info_nce_rows;
extern KernelTable<InfoNceRowsBackward> info_nce_rows_backward;

}  // namespace triad::ops
