#pragma once

#include "triad/core/tensor/tensor.h"
#include "triad/ops/registry/kernel_table.h"

namespace triad::ops {

/// y = condition ? a : b for every element of the broadcast shape.
/// shapes   condition, a, b: broadcastable → y: the broadcast shape, contiguous
/// dtypes   condition bool; a, b: all of one dtype
/// saves    condition            grads: a, b; what was not chosen gets exactly 0, even where the other side is NaN
/// errors   ShapeError, DTypeError, DeviceError as for binary ops
Tensor where(const Tensor& condition, const Tensor& a, const Tensor& b);

/// Kernel interface: all of the shape of y, stride 0 where stretched.
struct WhereForward {
  const Tensor& condition;
  const Tensor& a;
  const Tensor& b;
  Tensor& y;
};
extern KernelTable<WhereForward> where_forward;

}  // namespace triad::ops
