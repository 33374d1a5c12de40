#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "triad/core/cpu/dense_row.cpp"
#include <hwy/foreach_target.h>  // IWYU pragma: keep
#include <hwy/highway.h>
// After highway.h: it defines the per-target namespaces the rest is compiled in.
#include "triad/core/cpu/dense_row.h"
#include "triad/core/cpu/vector_row-inl.h"

HWY_BEFORE_NAMESPACE();
namespace triad::cpu::HWY_NAMESPACE {
namespace {

template <class F>
void dispatch(DType dtype, const F& f) {
  if (dtype == DType::f32) f(std::type_identity<float>());
  else if (dtype == DType::bf16) f(std::type_identity<BFloat16>());
  else f(std::type_identity<Float16>());
}

/// f(vector part, to, from) for the vectors of both rows.
template <class F>
void for_each_pair(DType to_dtype, void* to, DType from_dtype, const void* from, int64_t n, const F& f) {
  dispatch(to_dtype, [&]<class To>(std::type_identity<To>) {
    dispatch(from_dtype, [&]<class From>(std::type_identity<From>) {
      auto* out = static_cast<To*>(to);
      const auto* in = static_cast<const From*>(from);
      for_each_vector<float>(n, [&](auto part, int64_t i) { f(part, out + i, in + i); });
    });
  });
}

}  // namespace

void ConvertRow(DType to_dtype, void* to, DType from_dtype, const void* from, int64_t n) {
  for_each_pair(to_dtype, to, from_dtype, from, n,
                [](auto part, auto* out, const auto* in) { part.store(part.load(in), out); });
}

void AccumulateRow(DType to_dtype, void* to, DType from_dtype, const void* from, int64_t n) {
  for_each_pair(to_dtype, to, from_dtype, from, n, [](auto part, auto* out, const auto* in) {
    part.store(hn::Add(part.load(static_cast<const std::remove_pointer_t<decltype(out)>*>(out)), part.load(in)), out);
  });
}

}  // namespace triad::cpu::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace triad::cpu {

HWY_EXPORT(ConvertRow);
HWY_EXPORT(AccumulateRow);

void convert_row(DType to_dtype, void* to, DType from_dtype, const void* from, int64_t n) {
  HWY_DYNAMIC_DISPATCH(ConvertRow)(to_dtype, to, from_dtype, from, n);
}
void accumulate_row(DType to_dtype, void* to, DType from_dtype, const void* from, int64_t n) {
  HWY_DYNAMIC_DISPATCH(AccumulateRow)(to_dtype, to, from_dtype, from, n);
}

}  // namespace triad::cpu
#endif
