#pragma once

#include "triad/core/tensor/tensor.h"
#include "triad/ops/registry/kernel_table.h"

namespace triad::ops {

/// y = log sum exp(x) over some axes (all of them if none is given).
/// shapes   x: any → y: x without `axes`, or with extent 1 there if `keep`
/// dtypes   f32, f64, bf16, f16 (16-bit types compute in f32)
/// numerics no overflow; +inf if an entry is; -inf, with no gradient, if all entries are or there are none; NaN if one
///          is
/// saves    x                    grads: x
/// errors   DTypeError if x is integral, ShapeError for an axis that does not exist or is listed twice
Tensor logsumexp(const Tensor& x, const Axes& axes = {}, bool keep = false);

/// Kernel interface; all contiguous: x [rows, n], y and dy [rows].
struct LogsumexpForward {
  const Tensor& x;
  Tensor& y;
};
struct LogsumexpBackward {
  const Tensor &x, &dy;
  Tensor& dx;
};
extern KernelTable<LogsumexpForward> logsumexp_forward;
extern KernelTable<LogsumexpBackward> logsumexp_backward;

}  // namespace triad::ops
