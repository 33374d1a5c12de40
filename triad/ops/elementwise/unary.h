// Elementwise functions of one argument.
#pragma once

#include "triad/core/tensor/tensor.h"
#include "triad/ops/registry/kernel_table.h"

namespace triad::ops {

/// y = f(x) for every element.
/// shapes   x: any → y: same, contiguous
/// dtypes   f32, f64, bf16, f16 (16-bit types compute in f32); neg, abs, sign, square and relu also i64, i32
/// saves    x, y                 grads: x; zero almost everywhere for sign, floor, ceil, round
/// errors   DTypeError for other dtypes
/// numerics outside the domain of f the result is NaN or infinite, as in C++'s <cmath>; round goes to even on ties;
///          integers wrap around
Tensor neg(const Tensor& x);
Tensor abs(const Tensor& x);   ///< derivative 0 at 0
Tensor sign(const Tensor& x);  ///< -1, 0 or 1; NaN for NaN
Tensor square(const Tensor& x);
Tensor reciprocal(const Tensor& x);
Tensor sqrt(const Tensor& x);
Tensor rsqrt(const Tensor& x);  ///< 1/sqrt(x)
Tensor exp(const Tensor& x);
Tensor expm1(const Tensor& x);
Tensor log(const Tensor& x);
Tensor log1p(const Tensor& x);
Tensor sin(const Tensor& x);
Tensor cos(const Tensor& x);
Tensor tan(const Tensor& x);
Tensor asin(const Tensor& x);
Tensor acos(const Tensor& x);
Tensor atan(const Tensor& x);
Tensor sinh(const Tensor& x);
Tensor cosh(const Tensor& x);
Tensor tanh(const Tensor& x);
Tensor asinh(const Tensor& x);
Tensor acosh(const Tensor& x);
Tensor atanh(const Tensor& x);
Tensor erf(const Tensor& x);
Tensor sigmoid(const Tensor& x);   ///< 1/(1+exp(-x)), without overflow
Tensor softplus(const Tensor& x);  ///< log(1+exp(x)), without overflow
Tensor relu(const Tensor& x);      ///< max(x, 0); derivative 0 at 0
Tensor floor(const Tensor& x);
Tensor ceil(const Tensor& x);
Tensor round(const Tensor& x);

/// Kernel interface: y = f(x), where `function` is the position of f in scalar::Unary.
struct UnaryForward {
  int function;
  const Tensor& x;
  Tensor& y;
};
/// dx = dy * f'(x).
struct UnaryBackward {
  int function;
  const Tensor& x;
  const Tensor& y;
  const Tensor& dy;
  Tensor& dx;
};
extern KernelTable<UnaryForward> unary_forward;
extern KernelTable<UnaryBackward> unary_backward;

}  // namespace triad::ops

namespace triad {

inline Tensor operator-(const Tensor& x) { return ops::neg(x); }

}  // namespace triad
