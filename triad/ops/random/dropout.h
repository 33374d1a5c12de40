#pragma once

#include "triad/core/base/philox.h"
#include "triad/core/tensor/tensor.h"
#include "triad/ops/registry/kernel_table.h"

namespace triad::ops {

/// Sets each element to 0 with probability p and divides the others by 1 - p.                        [arXiv:1207.0580]
/// shapes   x: [N, ...], axis 0 being the samples (a scalar is one sample) → y: same, contiguous; x itself if p is 0
/// dtypes   f32, f64, bf16, f16
/// random   element j of sample i is dropped if word j % 4 of key.block(j / 4, i) lies below floor(p 2^32): a function
///          of the key and the index of the sample in the global batch (key.sample + i), not of how the batch is cut
/// saves    nothing: the mask is drawn again        grads: x
/// errors   DTypeError if x is integral, ValueError for p outside of [0, 1)
Tensor dropout(const Tensor& x, double p, const RandomKey& key);

/// Kernel interface, of the derivative too; contiguous. A dropped NaN becomes 0.
struct DropoutApply {
  const Tensor& x;
  double p;
  const RandomKey& key;
  Tensor& y;
};
extern KernelTable<DropoutApply> dropout_apply;

}  // namespace triad::ops
