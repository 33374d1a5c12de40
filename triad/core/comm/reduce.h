// The arithmetic of reductions.
#pragma once

#include <cstdint>
#include <span>

#include "triad/core/base/dtype.h"
#include "triad/core/base/half.h"
#include "triad/core/comm/collective.h"

namespace triad::comm {

/// to[i] = to[i] and from[i], reduced. `dtype` as all_reduce takes it. NaN in either is NaN in the result.
void reduce_into(DType dtype, Reduction reduction, void* to, const void* from, int64_t count);

/// Rounds to nearest, ties to even.
void narrow(const float* from, BFloat16* to, int64_t count);
void widen(const BFloat16* from, float* to, int64_t count);
/// to[i] += from[i].
void add_widened(float* to, const BFloat16* from, int64_t count);

}  // namespace triad::comm
