// Ops that move no data, or as little as possible: other views of the same elements.
#pragma once

#include "triad/core/tensor/tensor.h"

namespace triad::ops {

/// The same elements in row-major order under another shape; one extent may be -1. A view where strides allow it,
/// otherwise a copy. grads: x. errors: ShapeError if the number of elements differs.
Tensor reshape(const Tensor& x, const Shape& shape);
/// Axes first..last (inclusive, negative from the end) merged into one.
Tensor flatten(const Tensor& x, int64_t first = 0, int64_t last = -1);
/// Two axes exchanged; a view. grads: x.
Tensor transpose(const Tensor& x, int64_t axis_a, int64_t axis_b);
/// Axis i of y is axis order[i] of x; a view. grads: x.
Tensor permute(const Tensor& x, const Axes& order);
/// Elements start, start+step, … below stop of an axis, clamped as in Python; a view. grads: x.
Tensor slice(const Tensor& x, int64_t axis, int64_t start, int64_t stop, int64_t step = 1);
/// One index of an axis, which disappears; a view. grads: x. ValueError outside of the axis.
Tensor select(const Tensor& x, int64_t axis, int64_t index);
/// Extents of 1 stretched and axes added in front; a view with stride 0. grads: x, summed over what was stretched.
Tensor expand(const Tensor& x, const Shape& shape);
/// An axis of extent 1 inserted before `axis`; a view. grads: x.
Tensor unsqueeze(const Tensor& x, int64_t axis);
/// An axis of extent 1 removed; a view. grads: x. ShapeError if its extent is not 1.
Tensor squeeze(const Tensor& x, int64_t axis);
/// x if it is contiguous, otherwise a contiguous copy. grads: x.
Tensor contiguous(const Tensor& x);

}  // namespace triad::ops
