#pragma once

#include "triad/core/base/shape.h"

namespace triad::ops {

/// Extents in front of, at and behind an axis: [O…, N, I…] → [O, N, I].
inline Shape folded_around(const Shape& shape, int axis) {
  Shape out{1, shape[axis], 1};
  for (int i = 0; i < axis; ++i) out[0] *= shape[i];
  for (int i = axis + 1; i < shape.rank(); ++i) out[2] *= shape[i];
  return out;
}

}  // namespace triad::ops
