#pragma once

#include "triad/core/tensor/tensor.h"
#include "triad/ops/registry/kernel_table.h"

namespace triad::ops {

/// gelu is x Phi(x) by erf; gelu_tanh its tanh approximation [arXiv:1606.08415]; silu x sigmoid(x).
enum class Activation { none, relu, gelu, gelu_tanh, silu, tanh, sigmoid };

/// y = f(x weight^T + bias).
/// shapes   x: [..., In]   weight: [Out, In]   bias: [Out] or undefined → y: [..., Out], contiguous
/// dtypes   all of one dtype f32, f64, bf16, f16; the 16-bit types accumulate in f32
/// saves    x, weight, and what the slope of f needs: y (relu, tanh, sigmoid) or x weight^T + bias (gelu, silu)
/// grads    x, weight, bias
/// errors   ShapeError, DTypeError, DeviceError
Tensor linear(const Tensor& x, const Tensor& weight, const Tensor& bias = {}, Activation activation = Activation::none);

/// True if the slope of f is a function of f(x); otherwise it needs x.
constexpr bool slope_from_value(Activation f) {
  return f == Activation::relu || f == Activation::tanh || f == Activation::sigmoid;
}

/// Kernel interface: x [M, In] and weight [Out, In] with dense rows or columns; bias contiguous or undefined;
/// y = f(z) [M, Out] contiguous; z, where it is defined, receives x weight^T + bias.
struct LinearForward {
  const Tensor &x, &weight, &bias;
  Activation activation;
  Tensor &y, &z;
};
extern KernelTable<LinearForward> linear_forward;

/// Kernel interface: dz = dy f'(z), all [M, Out] and contiguous; `saved` is y or z as slope_from_value says.
struct ActivationBackward {
  Activation activation;
  const Tensor &saved, &dy;
  Tensor& dz;
};
extern KernelTable<ActivationBackward> activation_backward;

}  // namespace triad::ops
