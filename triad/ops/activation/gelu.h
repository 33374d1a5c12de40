#pragma once

#include "triad/core/tensor/tensor.h"
#include "triad/ops/registry/kernel_table.h"

namespace triad::ops {

/// Which function goes by the name: x P(X <= x) for a standard normal X, or the approximation of it by a tanh.
enum class GeluForm { erf, tanh };

/// Gaussian error linear unit: y = x erfc(-x/sqrt 2)/2, or with GeluForm::tanh
/// y = x (1 + tanh(sqrt(2/pi) (x + 0.044715 x^3)))/2.                                            [arXiv:1606.08415]
/// shapes   x: any → y: same, contiguous
/// dtypes   f32, f64, bf16, f16 (16-bit types compute in f32)
/// numerics relative error < 1e-6 in f32, in the left tail too, and < 5e-4 before rounding in bf16; -inf gives NaN
///          (-inf times 0), as in the definition
/// saves    x                    grads: x
/// errors   DTypeError for other dtypes
Tensor gelu(const Tensor& x, GeluForm form = GeluForm::erf);

/// Kernel interface; all contiguous.
struct GeluForward {
  const Tensor& x;
  GeluForm form;
  Tensor& y;
};
struct GeluBackward {
  const Tensor& x;
  GeluForm form;
  const Tensor& dy;
  Tensor& dx;
};
extern KernelTable<GeluForward> gelu_forward;
extern KernelTable<GeluBackward> gelu_backward;

}  // namespace triad::ops
