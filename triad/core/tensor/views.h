// Geometry without data movement: other shapes, strides and offsets over the same storage. These functions know nothing
// of gradients and therefore refuse a tensor that requires one; ops/shape has the differentiable forms of the same names.
#pragma once

#include <optional>

#include "triad/core/tensor/tensor.h"

namespace triad::views {

/// Axis i of the result is axis order[i] of t.
Tensor permute(const Tensor& t, const Axes& order);
/// Two axes exchanged.
Tensor transpose(const Tensor& t, int64_t axis_a, int64_t axis_b);
/// Elements start, start+step, … below stop along an axis. Negative start and stop count from the end; both are clamped
/// to the extent, as in Python. step >= 1.
Tensor slice(const Tensor& t, int64_t axis, int64_t start, int64_t stop, int64_t step = 1);
/// Index `index` of an axis; the axis disappears. Negative counts from the end; ValueError outside.
Tensor select(const Tensor& t, int64_t axis, int64_t index);
/// Extents of 1 stretched (stride 0), new axes in front.
Tensor expand(const Tensor& t, const Shape& shape);
/// Inserts an axis of extent 1 before `axis` (-1: at the end).
Tensor unsqueeze(const Tensor& t, int64_t axis);
/// Another shape over the same elements in row-major order, or nothing if no strides can express it.
std::optional<Tensor> reshape(const Tensor& t, const Shape& shape);

/// `shape` with at most one -1 resolved for `numel` elements. ShapeError naming `op` where it does not fit.
Shape resolve_shape(std::string_view op, const Shape& shape, int64_t numel);

}  // namespace triad::views
