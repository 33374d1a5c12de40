#pragma once

#include "triad/core/tensor/tensor.h"
#include "triad/ops/registry/kernel_table.h"

namespace triad::ops {

/// Product over some axes (all of them if none is given); 1 where there is nothing to multiply.
/// shapes   x: any → y: x without `axes`, or with extent 1 there if `keep`
/// dtypes   f32, f64, bf16, f16 multiply in f32 (f64 for f64) and keep their dtype; integers and bool give i64
/// numerics partial products over blocks whose borders depend on the shape alone: the same bits on any number of
///          threads
/// saves    x                    grads: x (floating): the product of the others, right for zeros as well, as long as the
///                               product of the elements that are not zero does not leave the range of f32
/// errors   ShapeError for an axis that does not exist or is listed twice
Tensor prod(const Tensor& x, const Axes& axes = {}, bool keep = false);

/// Kernel interface: y (contiguous, reduced axes dropped) = product of x over `axes`, normalised, sorted and not empty.
struct ProdForward {
  const Tensor& x;
  Axes axes;
  Tensor& y;
};
extern KernelTable<ProdForward> prod_forward;

}  // namespace triad::ops
