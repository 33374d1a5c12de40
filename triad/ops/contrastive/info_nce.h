// Contrastive loss between two sets of embeddings. Axes: N rows of a, M rows of b, D shared width.
#pragma once

#include <functional>

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

/// One of the two sets where it is spread over ranks, each of which has rows of its own.
struct ContrastRows {
  Tensor own;           ///< [n, D], which a gradient reaches
  Tensor own_ids;       ///< i64 [n]
  Tensor all, all_ids;  ///< [N, D], i64 [N]: those of all ranks, in the order of ranks
};

/// This rank's part of the same loss over the rows of all ranks: the terms of its own anchors. Parts of all ranks add up to
/// info_nce(a.all, b.all, …), and so do their gradients by log_scale. The gradient by own rows is that of the whole loss, so
/// that nothing has to be sent back: gather_a and gather_b make [N] of all ranks' [n], once each, for the
/// log-sum-exps of their side.
/// errors   as info_nce
Tensor info_nce_part(const ContrastRows& a, const ContrastRows& b, const Tensor& log_scale,
                     const std::function<Tensor(const Tensor& own)>& gather_a,
                     const std::function<Tensor(const Tensor& own)>& gather_b);

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
