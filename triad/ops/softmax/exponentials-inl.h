// What softmax, log-softmax, log-sum-exp and cross-entropy share: the exponentials of a row relative to its maximum.
#include <cmath>
#include <limits>

#include <hwy/cache_control.h>
#include <hwy/highway.h>

#include "triad/core/cpu/vector_math-inl.h"
#include "triad/core/cpu/vector_row-inl.h"

#if defined(TRIAD_OPS_SOFTMAX_EXPONENTIALS_INL_H) == defined(HWY_TARGET_TOGGLE)
#ifdef TRIAD_OPS_SOFTMAX_EXPONENTIALS_INL_H
#undef TRIAD_OPS_SOFTMAX_EXPONENTIALS_INL_H
#else
#define TRIAD_OPS_SOFTMAX_EXPONENTIALS_INL_H
#endif

HWY_BEFORE_NAMESPACE();
namespace triad::ops::HWY_NAMESPACE {

namespace hn = hwy::HWY_NAMESPACE;
namespace vec = triad::cpu::HWY_NAMESPACE;

/// Of an element, for chunk_for_cost.
inline constexpr int64_t kExponentialCost = 6;

/// The largest of n elements, -inf for none. A NaN may or may not be seen.
template <class T>
Compute<T> row_maximum(const T* x, int64_t n) {
  using C = Compute<T>;
  const vec::Tag<C> d;
  constexpr C kMinusInf = -std::numeric_limits<C>::infinity();
  auto largest = hn::Set(d, kMinusInf);
  vec::for_each_vector<C>(
      n, [&](auto part, int64_t i) { largest = hn::Max(part.load(x + i, static_cast<float>(kMinusInf)), largest); });
  return hn::GetLane(hn::MaxOfLanes(d, largest));
}

/// sum exp(x - shift); the terms go to `out` unless it is null. NaN reaches the sum.
template <class C, class T>
C exponentials(const T* x, int64_t n, C shift, C* out) {
  const vec::Tag<C> d;
  const auto shifts = hn::Set(d, shift);
  auto sum = hn::Zero(d);
  vec::for_each_vector<C>(n, [&](auto part, int64_t i) {
    hwy::Prefetch(x + n + i);  // the next row, which comes from memory while these exponentials take their time
    const auto term = part.only(vec::exp(d, hn::Sub(part.load(x + i), shifts)));
    if (out) part.store(term, out + i);
    sum = hn::Add(sum, term);
  });
  return vec::sum_of_lanes<C>(sum);
}

/// What to subtract before exponentiating: the maximum, or 0 if it is -inf, as -inf minus -inf would be NaN.
template <class C>
C shift_for(C maximum) {
  return maximum == -std::numeric_limits<C>::infinity() ? C(0) : maximum;
}

}  // namespace triad::ops::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif
