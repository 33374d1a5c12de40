// Joining tensors along an axis and taking them apart again.
#pragma once

#include <initializer_list>
#include <span>
#include <vector>

#include "triad/core/tensor/tensor.h"

namespace triad::ops {

/// The tensors of `xs` one after the other along `axis`.
/// shapes   xs[i]: [O…, N_i, I…] with N_i at `axis` → y: [O…, sum of N_i, I…]
/// dtypes   any, the same for all
/// saves    nothing              grads: every x: its part of dy
/// errors   ShapeError for an empty list, another rank, or another extent beside `axis`; DTypeError, DeviceError
Tensor concat(std::span<const Tensor> xs, int64_t axis);
Tensor concat(std::initializer_list<Tensor> xs, int64_t axis);

/// The parts of x along `axis`, sizes[i] long each, in order: views, no data moves.
/// shapes   x: [O…, N, I…] → y_i: [O…, sizes[i], I…] where the sizes add up to N
/// saves    nothing              grads: x: the dy_i joined, zeros where an output took no part in the loss
/// errors   ShapeError if the sizes do not add up, ValueError for a negative size
std::vector<Tensor> split(const Tensor& x, std::span<const int64_t> sizes, int64_t axis);
std::vector<Tensor> split(const Tensor& x, std::initializer_list<int64_t> sizes, int64_t axis);

/// Tensors of one shape joined along a new axis, inserted before `axis` of the inputs (-1: at the end).
/// shapes   xs[i]: [O…, I…] → y: [O…, count, I…]
/// grads, dtypes and errors as for concat; all shapes must be equal
Tensor stack(std::span<const Tensor> xs, int64_t axis);
Tensor stack(std::initializer_list<Tensor> xs, int64_t axis);

}  // namespace triad::ops
