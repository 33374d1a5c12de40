#include "triad/core/comm/reduce.h"

#include <cmath>
#include <type_traits>

namespace triad::comm {
namespace {

/// One rank adds a + b and another b + a, and for minima and maxima the same: the result must not depend on the order.
template <class T>
T reduced(Reduction reduction, T a, T b) {
  if (reduction == Reduction::sum) {
    // Integers wrap around, as the sum of all is defined to.
    if constexpr (std::is_integral_v<T>)
      return static_cast<T>(static_cast<std::make_unsigned_t<T>>(a) + static_cast<std::make_unsigned_t<T>>(b));
    else return a + b;
  }
  if constexpr (std::is_floating_point_v<T>) {
    if (a != a || b != b) return a + b;
    if (a == b) return reduction == Reduction::max ? (std::signbit(a) ? b : a) : (std::signbit(a) ? a : b);  // -0 < 0
  }
  return (a < b) == (reduction == Reduction::min) ? a : b;
}

template <class T>
void reduce_all(Reduction reduction, T* __restrict to, const T* __restrict from, int64_t count) {
  using C = Compute<T>;
  const auto each = [&](Reduction fixed) {
    for (int64_t i = 0; i < count; ++i)
      to[i] = static_cast<T>(reduced<C>(fixed, static_cast<C>(to[i]), static_cast<C>(from[i])));
  };
  switch (reduction) {  // a loop each, so that the compiler makes vectors of them
    case Reduction::sum: return each(Reduction::sum);
    case Reduction::min: return each(Reduction::min);
    case Reduction::max: return each(Reduction::max);
  }
}

}  // namespace

void reduce_into(DType dtype, Reduction reduction, void* to, const void* from, int64_t count) {
  dispatch_all(dtype, [&]<class T>(std::type_identity<T>) {
    if constexpr (std::is_same_v<T, bool> || std::is_same_v<T, uint8_t> || std::is_same_v<T, Float16>)
      fail<DTypeError>("reduce_into", "cannot reduce ", dtype);
    else reduce_all(reduction, static_cast<T*>(to), static_cast<const T*>(from), count);
  });
}

void narrow(const float* from, BFloat16* to, int64_t count) {
  for (int64_t i = 0; i < count; ++i) to[i] = BFloat16(from[i]);
}

void widen(const BFloat16* from, float* to, int64_t count) {
  for (int64_t i = 0; i < count; ++i) to[i] = from[i];
}

void add_widened(float* to, const BFloat16* from, int64_t count) {
  for (int64_t i = 0; i < count; ++i) to[i] += static_cast<float>(from[i]);
}

}  // namespace triad::comm
