// Rows in memory as vectors of the type arithmetic is done in. Per-target code: include after <hwy/highway.h> from a file
// that is compiled once for each target. D is a tag of Compute<T> lanes.
#include <hwy/highway.h>

#include <algorithm>
#include <cstdint>
#include <cstring>

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

template <class D>
HWY_INLINE hn::Vec<D> load([[maybe_unused]] D d, const hn::TFromD<D>* from) {
  return hn::LoadU(d, from);
}
template <class D>
HWY_INLINE hn::Vec<D> load([[maybe_unused]] D d, const BFloat16* from) {
  const hn::Rebind<uint16_t, D> d16;
  const hn::Rebind<uint32_t, D> d32;
  return hn::BitCast(d, hn::ShiftLeft<16>(hn::PromoteTo(d32, hn::LoadU(d16, &from->bits))));
}
template <class D>
HWY_INLINE hn::Vec<D> load([[maybe_unused]] D d, const Float16* from) {
#if HWY_TARGET == HWY_AVX2 || HWY_TARGET == HWY_AVX3
  const hn::Rebind<hwy::float16_t, D> d16;
  return hn::PromoteTo(d, hn::LoadU(d16, reinterpret_cast<const hwy::float16_t*>(from)));
#else
  HWY_ALIGN float lanes[kMostLanes];
  for (size_t i = 0; i < hn::Lanes(d); ++i) lanes[i] = from[i];
  return hn::Load(d, lanes);
#endif
}

template <class D>
HWY_INLINE void store(hn::Vec<D> v, [[maybe_unused]] D d, hn::TFromD<D>* to) {
  hn::StoreU(v, d, to);
}
/// Rounds to nearest even and keeps NaN, as BFloat16(float): Highway's own conversion truncates.
template <class D>
HWY_INLINE void store(hn::Vec<D> v, [[maybe_unused]] D d, BFloat16* to) {
  const hn::Rebind<uint16_t, D> d16;
  const hn::Rebind<uint32_t, D> d32;
  const hn::Rebind<int32_t, D> d32_signed;
  const auto bits = hn::BitCast(d32, v);
  const auto odd = hn::And(hn::ShiftRight<16>(bits), hn::Set(d32, 1));
  const auto rounded = hn::Add(bits, hn::Add(odd, hn::Set(d32, 0x7fff)));
  const auto quiet = hn::Or(bits, hn::Set(d32, 0x00400000));
  const auto upper = hn::ShiftRight<16>(hn::IfThenElse(hn::RebindMask(d32, hn::IsNaN(v)), quiet, rounded));
  hn::StoreU(hn::DemoteTo(d16, hn::BitCast(d32_signed, upper)), d16, &to->bits);
}
template <class D>
HWY_INLINE void store(hn::Vec<D> v, [[maybe_unused]] D d, Float16* to) {
#if HWY_TARGET == HWY_AVX2 || HWY_TARGET == HWY_AVX3
  const hn::Rebind<hwy::float16_t, D> d16;
  hn::StoreU(hn::DemoteTo(d16, v), d16, reinterpret_cast<hwy::float16_t*>(to));
#else
  HWY_ALIGN float lanes[kMostLanes];
  hn::Store(v, d, lanes);
  for (size_t i = 0; i < hn::Lanes(d); ++i) to[i] = lanes[i];
#endif
}

/// A whole vector of a row.
template <class C>
struct Whole {
  template <class T>
  HWY_INLINE hn::Vec<Tag<C>> load(const T* from, float = 0) const {
    return HWY_NAMESPACE::load(Tag<C>(), from);
  }
  template <class T>
  HWY_INLINE void store(hn::Vec<Tag<C>> v, T* to) const {
    HWY_NAMESPACE::store(v, Tag<C>(), to);
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
    HWY_ALIGN T lanes[kMostLanes];
    for (T& lane : lanes) lane = static_cast<T>(fill);
    std::memcpy(static_cast<void*>(lanes), from, count * sizeof(T));
    return HWY_NAMESPACE::load(Tag<C>(), lanes);
  }
  template <class T>
  HWY_INLINE void store(hn::Vec<Tag<C>> v, T* to) const {
    HWY_ALIGN T lanes[kMostLanes];
    HWY_NAMESPACE::store(v, Tag<C>(), lanes);
    std::memcpy(static_cast<void*>(to), lanes, count * sizeof(T));
  }
  HWY_INLINE hn::Vec<Tag<C>> only(hn::Vec<Tag<C>> v) const {
    return hn::IfThenElseZero(hn::FirstN(Tag<C>(), count), v);
  }
};

/// Calls body(part, i) for the vectors of a row of n elements, where `part` is a Whole or, at the end, a Part, which load
/// and store at element i.
template <class C, class Body>
HWY_INLINE void for_each_vector(int64_t n, const Body& body) {
  const auto lanes = static_cast<int64_t>(hn::Lanes(Tag<C>()));
  int64_t i = 0;
  for (; i + lanes <= n; i += lanes) body(Whole<C>{}, i);
  if (i < n) body(Part<C>{static_cast<size_t>(n - i)}, i);
}

/// y[i] = f(in[i]…) for n elements, in parallel; f maps vectors of Compute<T>. `cost`: see chunk_for_cost.
template <class T, class F, class... In>
void map_vectors(int64_t n, int64_t cost, const F& f, T* y, const In*... in) {
  const int64_t chunk = std::max<int64_t>(chunk_for_cost(cost) / 1024, 1) * 1024;
  parallel_for(n, chunk, [&](int64_t first, int64_t last) {
    for_each_vector<Compute<T>>(last - first, [&](auto part, int64_t i) {
      part.store(f(part.load(in + first + i)...), y + first + i);
    });
  });
}

template <class C>
HWY_INLINE C sum_of_lanes(hn::Vec<Tag<C>> v) {
  return hn::GetLane(hn::SumOfLanes(Tag<C>(), v));
}

}  // namespace triad::cpu::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif
