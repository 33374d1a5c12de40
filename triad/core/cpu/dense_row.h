// Rows of floating elements that lie without gaps.
#pragma once

#include <cstdint>

#include "triad/core/base/dtype.h"

namespace triad::cpu {

/// Whether convert_row() and accumulate_row() take this dtype: f32, bf16, f16.
constexpr bool has_dense_rows(DType dtype) {
  return dtype == DType::f32 || dtype == DType::bf16 || dtype == DType::f16;
}

/// to[i] = from[i], rounded to nearest even.
void convert_row(DType to_dtype, void* to, DType from_dtype, const void* from, int64_t n);
/// to[i] += from[i], added in f32 and rounded once.
void accumulate_row(DType to_dtype, void* to, DType from_dtype, const void* from, int64_t n);

}  // namespace triad::cpu
