#pragma once

#include "triad/core/tensor/tensor.h"
#include "triad/ops/registry/kernel_table.h"

namespace triad::ops {

/// Sum over some axes (all of them if none is given).
/// shapes   x: any → y: x without `axes`, or with extent 1 there if `keep`
/// dtypes   f32, f64, bf16, f16 accumulate in f32 (f64 for f64) and keep their dtype; integers and bool give i64
///          and wrap around
/// numerics partial sums over blocks whose borders depend on the shape alone: the same bits on any number of threads
/// saves    nothing              grads: x (floating)
/// errors   ShapeError for an axis that does not exist or is listed twice
Tensor sum(const Tensor& x, const Axes& axes = {}, bool keep = false);
/// The sum in the dtype it accumulates in, for what goes on computing: rounded to f16 it is infinite from 65520.
Tensor wide_sum(const Tensor& x, const Axes& axes = {}, bool keep = false);
/// wide_sum divided by the number of elements that were added, then rounded to the dtype of x; NaN if there are none.
Tensor mean(const Tensor& x, const Axes& axes = {}, bool keep = false);

/// Sums x over the axes along which `shape` would be stretched to the shape of x: the derivative of broadcasting.
Tensor sum_to_shape(const Tensor& x, const Shape& shape);

/// Kernel interface: y (contiguous, reduced axes dropped) = sum of x over `axes`, normalised, sorted and not empty. y
/// has the dtype of x, where that is floating, or its accumulation dtype.
struct SumForward {
  const Tensor& x;
  Axes axes;
  Tensor& y;
};
extern KernelTable<SumForward> sum_forward;

}  // namespace triad::ops
