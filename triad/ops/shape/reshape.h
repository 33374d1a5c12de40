// Ops that move no data, or as little as possible: other views of the same elements. All take every dtype, and axes counted
// from the end where they are negative; an axis that does not exist is a ShapeError.
#pragma once

#include "triad/core/tensor/tensor.h"

namespace triad::ops {

/// The same elements in row-major order under another shape; one extent may be -1. A view where strides allow it,
/// otherwise a copy. grads: x. ShapeError if the number of elements differs, an extent is negative or two are -1.
Tensor reshape(const Tensor& x, const Shape& shape);
/// Axes first..last (inclusive) merged into one; as reshape otherwise. ShapeError if last lies before first.
Tensor flatten(const Tensor& x, int64_t first = 0, int64_t last = -1);
/// Two axes exchanged; a view. grads: x.
Tensor transpose(const Tensor& x, int64_t axis_a, int64_t axis_b);
/// Axis i of y is axis order[i] of x; a view. grads: x. ShapeError unless `order` names every axis once.
Tensor permute(const Tensor& x, const Axes& order);
/// Elements start, start+step, … below stop of an axis, clamped as in Python; a view. grads: x. ValueError for a
/// step below 1.
Tensor slice(const Tensor& x, int64_t axis, int64_t start, int64_t stop, int64_t step = 1);
/// One index of an axis, which disappears; a view. grads: x. ValueError outside of the axis.
Tensor select(const Tensor& x, int64_t axis, int64_t index);
/// Extents of 1 stretched and axes added in front; a view with stride 0. grads: x, summed over what was stretched.
/// ShapeError where an extent is neither the one asked for nor 1.
Tensor expand(const Tensor& x, const Shape& shape);
/// An axis of extent 1 inserted before `axis`; a view. grads: x.
Tensor unsqueeze(const Tensor& x, int64_t axis);
/// An axis of extent 1 removed; a view. grads: x. ShapeError if its extent is not 1.
Tensor squeeze(const Tensor& x, int64_t axis);
/// x if it is contiguous, otherwise a contiguous copy. grads: x.
Tensor contiguous(const Tensor& x);

}  // namespace triad::ops
