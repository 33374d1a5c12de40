// Kernels see the axis they work along as the last one, dense.
#pragma once

#include "triad/core/tensor/views.h"

namespace triad::ops {

/// x with `axis` and the last axis exchanged; contiguous, without history. Its own inverse, up to contiguity.
inline Tensor axis_last(const Tensor& x, int64_t axis) {
  return x.rank() == 0 ? x.detach() : contiguous(views::transpose(x.detach(), axis, -1));
}

/// The view that puts the axes of a result back in place.
inline Tensor axis_back(const Tensor& y, int64_t axis) { return y.rank() == 0 ? y : views::transpose(y, axis, -1); }

}  // namespace triad::ops
