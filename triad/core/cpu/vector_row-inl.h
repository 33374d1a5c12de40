// Rows in memory as vectors of the type arithmetic is done in. Per-target code: include after <hwy/highway.h> from a
// file that is compiled once for each target. D is a tag of Compute<T> lanes.
#include <algorithm>
#include <cstdint>
#include <cstring>
#include <type_traits>

#include <hwy/highway.h>

#include "triad/core/base/dtype.h"
#include "triad/core/cpu/parallel.h"

#if defined(TRIAD_CORE_CPU_VECTOR_ROW_INL_H) == defined(HWY_TARGET_TOGGLE)
#ifdef TRIAD_CORE_CPU_VECTOR_ROW_INL_H
#undef TRIAD_CORE_CPU_VECTOR_ROW_INL_H
#else
#define TRIAD_CORE_CPU_VECTOR_ROW_INL_H
#endif

HWY_BEFORE_NAMESPACE();
namespace triad::cpu::HWY_NAMESPACE {

namespace hn = hwy::HWY_NAMESPACE;

/// The vector kernels work in: at most 16 lanes of C.
constexpr size_t kMostLanes = 16;
template <class C>
using Tag = hn::CappedTag<C, kMostLanes>;

/// T as the element type Highway loads it as: the bits of 16-bit floats.
template <class T>
using Stored = std::conditional_t<sizeof(T) == 2, uint16_t, T>;
template <class T>
const Stored<T>* stored(const T* p) {
  return reinterpret_cast<const Stored<T>*>(p);
}
template <class T>
Stored<T>* stored(T* p) {
  return reinterpret_cast<Stored<T>*>(p);
}
template <class T>
using StoredTag = hn::Rebind<Stored<T>, Tag<Compute<T>>>;

/// Whether Highway converts f16 to nearest even with subnormals on this target; its emulation truncates.
inline constexpr bool kConvertsF16 = HWY_TARGET == HWY_AVX2 || HWY_TARGET == HWY_AVX3;

/// Elements as loaded to lanes of the compute type.
template <class T, class V>
HWY_INLINE hn::Vec<Tag<Compute<T>>> widen(V v) {
  const Tag<Compute<T>> d;
  if constexpr (std::is_same_v<T, BFloat16>) {
    const hn::RebindToUnsigned<Tag<float>> d32;
    return hn::BitCast(d, hn::ShiftLeft<16>(hn::PromoteTo(d32, v)));
  } else if constexpr (std::is_same_v<T, Float16>) {
    return hn::PromoteTo(d, hn::BitCast(hn::Rebind<hwy::float16_t, Tag<float>>(), v));
  } else {
    return v;
  }
}

/// The bits of each lane rounded to bf16, to nearest even; NaN stays NaN. (Highway's own conversion truncates.)
HWY_INLINE hn::Vec<hn::RebindToUnsigned<Tag<float>>> bf16_bits(hn::Vec<Tag<float>> v) {
  const hn::RebindToUnsigned<Tag<float>> d32;
  const auto bits = hn::BitCast(d32, v);
  const auto odd = hn::And(hn::ShiftRight<16>(bits), hn::Set(d32, 1));
  const auto rounded = hn::Add(bits, hn::Add(odd, hn::Set(d32, 0x7fff)));
  const auto quiet = hn::Or(bits, hn::Set(d32, 0x00400000));
  return hn::ShiftRight<16>(hn::IfThenElse(hn::RebindMask(d32, hn::IsNaN(v)), quiet, rounded));
}

/// Lanes of the compute type to elements, rounded to nearest even; NaN stays NaN.
template <class T, class V>
HWY_INLINE hn::Vec<StoredTag<T>> narrow(V v) {
  if constexpr (std::is_same_v<T, BFloat16>) {
    return hn::DemoteTo(StoredTag<T>(), hn::BitCast(hn::RebindToSigned<Tag<float>>(), bf16_bits(v)));
  } else if constexpr (std::is_same_v<T, Float16>) {
    return hn::BitCast(StoredTag<T>(), hn::DemoteTo(hn::Rebind<hwy::float16_t, Tag<float>>(), v));
  } else {
    return v;
  }
}

template <class T>
HWY_INLINE hn::Vec<Tag<Compute<T>>> load(const T* from) {
  if constexpr (std::is_same_v<T, Float16> && !kConvertsF16) {
    HWY_ALIGN float lanes[kMostLanes];
    for (size_t i = 0; i < hn::Lanes(Tag<float>()); ++i) lanes[i] = from[i];
    return hn::Load(Tag<float>(), lanes);
  } else {
    return widen<T>(hn::LoadU(StoredTag<T>(), stored(from)));
  }
}

template <class T>
HWY_INLINE void store(hn::Vec<Tag<Compute<T>>> v, T* to) {
  if constexpr (std::is_same_v<T, Float16> && !kConvertsF16) {
    HWY_ALIGN float lanes[kMostLanes];
    hn::Store(v, Tag<float>(), lanes);
    for (size_t i = 0; i < hn::Lanes(Tag<float>()); ++i) to[i] = lanes[i];
  } else {
    hn::StoreU(narrow<T>(v), StoredTag<T>(), stored(to));
  }
}

/// A whole vector of a row.
template <class C>
struct Whole {
  template <class T>
  HWY_INLINE hn::Vec<Tag<C>> load(const T* from, float = 0) const {
    return HWY_NAMESPACE::load(from);
  }
  template <class T>
  HWY_INLINE void store(hn::Vec<Tag<C>> v, T* to) const {
    HWY_NAMESPACE::store(v, to);
  }
  /// v with 0 in the lanes that are not part of the row.
  HWY_INLINE hn::Vec<Tag<C>> only(hn::Vec<Tag<C>> v) const { return v; }
};

/// The last `count` elements of a row, less than a vector: nothing beyond them is read or written.
template <class C>
struct Part {
  size_t count;

  /// Lanes beyond the row hold `fill`.
  template <class T>
  HWY_INLINE hn::Vec<Tag<C>> load(const T* from, float fill = 0) const {
    if constexpr (kMasked<T>) {
      const StoredTag<T> d;
      const auto v = widen<T>(hn::MaskedLoad(hn::FirstN(d, count), d, stored(from)));
      return fill == 0 ? v : hn::IfThenElse(hn::FirstN(Tag<C>(), count), v, hn::Set(Tag<C>(), static_cast<C>(fill)));
    } else {
      HWY_ALIGN T lanes[kMostLanes];
      for (T& lane : lanes) lane = static_cast<T>(fill);
      std::memcpy(static_cast<void*>(lanes), from, count * sizeof(T));
      return HWY_NAMESPACE::load(lanes);
    }
  }
  template <class T>
  HWY_INLINE void store(hn::Vec<Tag<C>> v, T* to) const {
    if constexpr (kMasked<T>) {
      const StoredTag<T> d;
      hn::BlendedStore(narrow<T>(v), hn::FirstN(d, count), d, stored(to));
    } else {
      HWY_ALIGN T lanes[kMostLanes];
      HWY_NAMESPACE::store(v, lanes);
      std::memcpy(static_cast<void*>(to), lanes, count * sizeof(T));
    }
  }
  HWY_INLINE hn::Vec<Tag<C>> only(hn::Vec<Tag<C>> v) const {
    return hn::IfThenElseZero(hn::FirstN(Tag<C>(), count), v);
  }

 private:
  /// Whether the target has masked loads and stores of T that leave the other addresses alone.
  template <class T>
  static constexpr bool kMasked = (HWY_TARGET == HWY_AVX2 && sizeof(T) >= 4) || HWY_TARGET == HWY_AVX3;
};

/// Calls body(part, i) for the vectors of a row of n elements, where `part` is a Whole or, at the end, a Part, which
/// load and store at element i.
template <class C, class Body>
HWY_INLINE void for_each_vector(int64_t n, const Body& body) {
  const auto lanes = static_cast<int64_t>(hn::Lanes(Tag<C>()));
  int64_t i = 0;
  for (; i + lanes <= n; i += lanes) body(Whole<C>{}, i);
  if (i < n) body(Part<C>{static_cast<size_t>(n - i)}, i);
}

/// Sums that are added to side by side, because an addition takes longer than it takes to start the next.
inline constexpr int kSums = 4;
template <class C>
struct Sums {
  hn::Vec<Tag<C>> of[kSums];

  HWY_INLINE Sums() {
    for (auto& sum : of) sum = hn::Zero(Tag<C>());
  }
  HWY_INLINE C total() const {
    return hn::GetLane(hn::SumOfLanes(Tag<C>(), hn::Add(hn::Add(of[0], of[1]), hn::Add(of[2], of[3]))));
  }
};

/// As for_each_vector, with body(part, i, k): k, from 0 to kSums - 1, is the sum to add to.
template <class C, class Body>
HWY_INLINE void for_each_vector_with_sum(int64_t n, const Body& body) {
  const auto lanes = static_cast<int64_t>(hn::Lanes(Tag<C>()));
  int64_t i = 0;
  for (; i + kSums * lanes <= n; i += kSums * lanes) {
    body(Whole<C>{}, i, 0);
    body(Whole<C>{}, i + lanes, 1);
    body(Whole<C>{}, i + 2 * lanes, 2);
    body(Whole<C>{}, i + 3 * lanes, 3);
  }
  for (; i + lanes <= n; i += lanes) body(Whole<C>{}, i, 0);
  if (i < n) body(Part<C>{static_cast<size_t>(n - i)}, i, 1);
}

/// y[i] = f(in[i]…) for n elements, in parallel; f maps vectors of Compute<T>. `cost`: see chunk_for_cost.
template <class T, class F, class... In>
void map_vectors(int64_t n, int64_t cost, const F& f, T* y, const In*... in) {
  const int64_t chunk = std::max<int64_t>(chunk_for_cost(cost) / 1024, 1) * 1024;
  parallel_for(n, chunk, [&](int64_t first, int64_t last) {
    for_each_vector<Compute<T>>(
        last - first, [&](auto part, int64_t i) { part.store(f(part.load(in + first + i)...), y + first + i); });
  });
}

template <class C>
HWY_INLINE C sum_of_lanes(hn::Vec<Tag<C>> v) {
  return hn::GetLane(hn::SumOfLanes(Tag<C>(), v));
}

}  // namespace triad::cpu::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif
