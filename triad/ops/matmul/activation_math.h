// The activations of linear(), each with its slope. Written for float and double, shared by kernels and references.
#pragma once

#include <cmath>
#include <numbers>

#include "triad/ops/matmul/linear.h"

namespace triad::ops {

/// 1 / (1 + exp(-z)), without overflow.
template <class T>
T logistic(T z) {
  if (z >= T(0)) return T(1) / (T(1) + std::exp(-z));
  const T e = std::exp(z);
  return e / (T(1) + e);
}

/// Phi(z), the normal distribution function.
template <class T>
T normal_cdf(T z) {
  return T(0.5) * std::erfc(-z * T(std::numbers::sqrt2 / 2));
}

inline constexpr double kGeluTanhScale = 0.7978845608028654;  // sqrt(2 / pi)
inline constexpr double kGeluTanhCubic = 0.044715;

/// f(z).
template <class T>
T activation_value(Activation f, T z) {
  switch (f) {
    case Activation::none: return z;
    case Activation::relu: return z < T(0) ? T(0) : z;
    case Activation::gelu: return z * normal_cdf(z);
    case Activation::gelu_tanh:
      return z * logistic(T(2 * kGeluTanhScale) * (z + T(kGeluTanhCubic) * z * z * z));  // (1 + tanh u)/2 = logistic(2u)
    case Activation::silu: return z * logistic(z);
    case Activation::tanh: return std::tanh(z);
    case Activation::sigmoid: return logistic(z);
  }
  return z;
}

/// f'(z) from z, or from f(z) where slope_from_value(f).
template <class T>
T activation_slope(Activation f, T saved) {
  switch (f) {
    case Activation::none: return T(1);
    case Activation::relu: return saved > T(0) ? T(1) : saved * T(0);
    case Activation::gelu:
      return normal_cdf(saved) + saved * T(std::numbers::inv_sqrtpi / std::numbers::sqrt2) * std::exp(T(-0.5) * saved * saved);
    case Activation::gelu_tanh: {
      const T s = logistic(T(2 * kGeluTanhScale) * (saved + T(kGeluTanhCubic) * saved * saved * saved));
      return s + saved * s * (T(1) - s) * T(2 * kGeluTanhScale) * (T(1) + T(3 * kGeluTanhCubic) * saved * saved);
    }
    case Activation::silu: {
      const T s = logistic(saved);
      return s + saved * s * (T(1) - s);
    }
    case Activation::tanh: return T(1) - saved * saved;
    case Activation::sigmoid: return saved * (T(1) - saved);
  }
  return T(1);
}

}  // namespace triad::ops
