// The largest and smallest elements, and where they are.
#pragma once

#include "triad/core/tensor/tensor.h"
#include "triad/ops/registry/kernel_table.h"

namespace triad::ops {

/// Largest or smallest element over some axes (all of them if none is given).
/// shapes   x: any → y: x without `axes`, or with extent 1 there if `keep`
/// dtypes   any; y has the dtype of x
/// numerics NaN wins
/// saves    x, y                 grads: x: dy in equal shares to all elements that equal y (NaN counts as equal to NaN)
/// errors   ValueError where there is no element to choose from, ShapeError for an axis that does not exist or is
///          listed twice
Tensor max(const Tensor& x, const Axes& axes = {}, bool keep = false);
Tensor min(const Tensor& x, const Axes& axes = {}, bool keep = false);

/// Index of the largest or smallest element of an axis: of the first one where several are equal; NaN wins.
/// shapes   x: any → y: x without `axis`, or with extent 1 there if `keep`
/// dtypes   any → i64, which carries no gradient
/// errors   as for max
Tensor argmax(const Tensor& x, int64_t axis, bool keep = false);
Tensor argmin(const Tensor& x, int64_t axis, bool keep = false);

/// Kernel interface: y (contiguous, reduced axes dropped) = extremum of x over `axes`: normalised, sorted, not empty
/// and of extents above 0.
struct ExtremumForward {
  bool largest;
  const Tensor& x;
  Axes axes;
  Tensor& y;
};
/// y (contiguous, i64, the axis dropped) = index of the extremum.
struct ArgExtremumForward {
  bool largest;
  const Tensor& x;
  int axis;
  Tensor& y;
};
extern KernelTable<ExtremumForward> extremum_forward;
extern KernelTable<ArgExtremumForward> arg_extremum_forward;

}  // namespace triad::ops
