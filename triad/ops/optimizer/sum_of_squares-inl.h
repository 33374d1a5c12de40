// The squares under the norms of optimizers.
#include <cmath>
#include <cstdint>

#include <hwy/highway.h>

#include "triad/core/cpu/vector_row-inl.h"

#if defined(TRIAD_OPS_OPTIMIZER_SUM_OF_SQUARES_INL_H) == defined(HWY_TARGET_TOGGLE)
#ifdef TRIAD_OPS_OPTIMIZER_SUM_OF_SQUARES_INL_H
#undef TRIAD_OPS_OPTIMIZER_SUM_OF_SQUARES_INL_H
#else
#define TRIAD_OPS_OPTIMIZER_SUM_OF_SQUARES_INL_H
#endif

HWY_BEFORE_NAMESPACE();
namespace triad::ops::HWY_NAMESPACE {

namespace hn = hwy::HWY_NAMESPACE;
namespace vec = triad::cpu::HWY_NAMESPACE;

inline constexpr int64_t kPiece = 1024;  // elements whose squares are added in f32

/// Of n <= kPiece elements, added in f32, or in f64 where f32 overflows: finite if all elements are.
inline double sum_of_squares_of_piece(const float* x, int64_t n) {
  auto squares = hn::Zero(vec::Tag<float>());
  vec::for_each_vector<float>(n, [&](auto part, int64_t i) {
    const auto value = part.load(x + i);
    squares = hn::MulAdd(value, value, squares);
  });
  const float sum = vec::sum_of_lanes<float>(squares);
  if (std::isfinite(sum)) return sum;
  double wide = 0;
  for (int64_t i = 0; i < n; ++i) wide += static_cast<double>(x[i]) * x[i];
  return wide;
}

}  // namespace triad::ops::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif
