#pragma once

#include "triad/core/tensor/tensor.h"
#include "triad/ops/registry/kernel_table.h"

namespace triad::ops {

/// As the ops of these names; gelu is the form by erf, gelu_tanh its approximation by tanh.
enum class Activation { none, relu, gelu, gelu_tanh, silu, tanh, sigmoid };

/// y = f(x weight^T + bias).
/// shapes   x: [..., In]   weight: [Out, In]   bias: [Out] or undefined → y: [..., Out], contiguous
/// dtypes   all of one dtype f32, f64, bf16, f16; the 16-bit types accumulate in f32
/// saves    x, weight, and what the slope of f needs: y (relu, tanh, sigmoid) or x weight^T + bias (gelu, silu)
/// grads    x, weight, bias
/// errors   ShapeError, DTypeError, DeviceError
Tensor linear(const Tensor& x, const Tensor& weight, const Tensor& bias = {}, Activation activation = Activation::none);

/// Kernel interface: x [M, In] and weight [Out, In] with dense rows or columns; bias contiguous or undefined;
/// y = x weight^T + bias, [M, Out] contiguous. The activation is the kernel of its own op.
struct LinearForward {
  const Tensor &x, &weight, &bias;
  Tensor& y;
};
extern KernelTable<LinearForward> linear_forward;

}  // namespace triad::ops
