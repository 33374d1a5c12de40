// Elementwise functions of two arguments, with broadcasting.
#pragma once

#include "triad/core/tensor/tensor.h"
#include "triad/ops/registry/kernel_table.h"

namespace triad::ops {

/// y = f(a, b) for every element of the broadcast shape.
/// shapes   a, b: broadcastable, aligned at the last axis → y: the broadcast shape, contiguous
/// dtypes   all of one dtype, without promotion; 16-bit floats compute in f32
/// saves    a, b for mul, div, pow, maximum, minimum        grads: a, b, summed over the axes they were stretched along
/// errors   ShapeError if the shapes do not broadcast, DTypeError if the dtypes differ, DeviceError across devices
/// numerics integers wrap around; integer div rounds down and gives 0 for a zero divisor; integer pow rounds toward 0
Tensor add(const Tensor& a, const Tensor& b);
Tensor sub(const Tensor& a, const Tensor& b);
Tensor mul(const Tensor& a, const Tensor& b);
Tensor div(const Tensor& a, const Tensor& b);
Tensor pow(const Tensor& a, const Tensor& b);      ///< grad of b is a^b log a, 0 where a is 0
Tensor maximum(const Tensor& a, const Tensor& b);  ///< NaN wins; at a tie the gradient goes half to each
Tensor minimum(const Tensor& a, const Tensor& b);

/// The same with a number for b, in the dtype of a; ValueError if that is integral and does not have it: 0.5, 300 in u8.
Tensor add(const Tensor& a, double b);
Tensor sub(const Tensor& a, double b);
Tensor mul(const Tensor& a, double b);
Tensor div(const Tensor& a, double b);
Tensor pow(const Tensor& a, double b);
/// And for a, in the dtype of b.
Tensor sub(double a, const Tensor& b);
Tensor div(double a, const Tensor& b);
Tensor clamp(const Tensor& x, double low, double high);  ///< gradient 0 outside; ValueError if low > high

/// Comparisons and logic: y is bool and carries no gradient. NaN compares as in C++. Nonzero counts as true.
Tensor equal(const Tensor& a, const Tensor& b);
Tensor not_equal(const Tensor& a, const Tensor& b);
Tensor less(const Tensor& a, const Tensor& b);
Tensor less_equal(const Tensor& a, const Tensor& b);
Tensor greater(const Tensor& a, const Tensor& b);
Tensor greater_equal(const Tensor& a, const Tensor& b);
Tensor logical_and(const Tensor& a, const Tensor& b);
Tensor logical_or(const Tensor& a, const Tensor& b);
Tensor logical_xor(const Tensor& a, const Tensor& b);
Tensor logical_not(const Tensor& x);

/// Kernel interface: y = f(a, b) where `function` is the position of f in scalar::Binary; a and b already have the shape
/// of y (stride 0 where stretched); y is bool for predicates.
struct BinaryForward {
  int function;
  const Tensor& a;
  const Tensor& b;
  Tensor& y;
};
extern KernelTable<BinaryForward> binary_forward;

}  // namespace triad::ops

namespace triad {

inline Tensor operator+(const Tensor& a, const Tensor& b) { return ops::add(a, b); }
inline Tensor operator-(const Tensor& a, const Tensor& b) { return ops::sub(a, b); }
inline Tensor operator*(const Tensor& a, const Tensor& b) { return ops::mul(a, b); }
inline Tensor operator/(const Tensor& a, const Tensor& b) { return ops::div(a, b); }
inline Tensor operator+(const Tensor& a, double b) { return ops::add(a, b); }
inline Tensor operator-(const Tensor& a, double b) { return ops::sub(a, b); }
inline Tensor operator*(const Tensor& a, double b) { return ops::mul(a, b); }
inline Tensor operator/(const Tensor& a, double b) { return ops::div(a, b); }
inline Tensor operator+(double a, const Tensor& b) { return ops::add(b, a); }
inline Tensor operator-(double a, const Tensor& b) { return ops::sub(a, b); }
inline Tensor operator*(double a, const Tensor& b) { return ops::mul(b, a); }
inline Tensor operator/(double a, const Tensor& b) { return ops::div(a, b); }

}  // namespace triad
