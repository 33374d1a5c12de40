#pragma once

#include "triad/core/tensor/tensor.h"
#include "triad/ops/loss/reduction.h"
#include "triad/ops/registry/kernel_table.h"

namespace triad::ops {

struct CrossEntropyOptions {
  double label_smoothing = 0;  ///< s: the target is 1 - s at the label plus s/C everywhere        [arXiv:1512.00567, 7]
  int64_t ignore_index = -100;  ///< rows with this label have loss 0, gradient 0 and are not counted by the mean
  Reduction reduction = Reduction::mean;
};

/// Cross-entropy of a softmax over the last axis:
///   loss = log sum exp(x) - (1 - s) x[label] - s mean(x).
/// shapes   logits: [..., C]   targets: [...] → a scalar, or [...] for Reduction::none
/// dtypes   logits f32, f64, bf16, f16; targets i64; the loss is f32 (f64 for f64)
/// numerics one pass for the maximum, one for the sum; probabilities are never stored. Logits of -inf are classes of
///          probability 0. Logits of ignored rows may hold anything, NaN included. The mean over no row is 0
/// saves    logits, log sum exp [...] in f64, targets        grads: logits
/// errors   ShapeError, DTypeError, DeviceError; ValueError for a label outside of [0, C) (its place and value) and for
///          a label_smoothing outside of [0, 1]
Tensor cross_entropy(const Tensor& logits, const Tensor& targets, const CrossEntropyOptions& options = {});

/// Kernel interface; contiguous. lse is f64: from an f32 one of 1e4 probabilities would be off by 1e-3. count: f64
/// scalar, the number of rows that are not ignored.
struct CrossEntropyForward {
  const Tensor &logits, &targets;
  const CrossEntropyOptions& options;
  Tensor &loss, &lse, &count;
};
struct CrossEntropyBackward {
  const Tensor &logits, &targets;
  const CrossEntropyOptions& options;
  const Tensor &lse, &count, &dloss;
  Tensor& dlogits;
};
extern KernelTable<CrossEntropyForward> cross_entropy_forward;
extern KernelTable<CrossEntropyBackward> cross_entropy_backward;

}  // namespace triad::ops
