// Loops that keep the multipliers busy: enough independent accumulators to hide their latency (4 cycles, 2 a cycle).
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "triad/bench/measure/machine_peaks.cpp"
#include <hwy/foreach_target.h>  // IWYU pragma: keep
#include <hwy/highway.h>
// After highway.h: it defines the per-target namespaces the rest is compiled in.
#include "triad/bench/measure/machine_peaks.h"

#if HWY_ARCH_X86
#include <immintrin.h>
#endif

HWY_BEFORE_NAMESPACE();
namespace triad::bench::HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

int64_t MultiplyAddF32(int64_t rounds, float& sink) {
  const hn::ScalableTag<float> d;
  using V = hn::Vec<decltype(d)>;
  const V factor = hn::Set(d, 0.999999f), term = hn::Set(d, 1e-6f);
  // Each its own value: equal ones would be computed once.
  V a0 = hn::Iota(d, 0), a1 = hn::Iota(d, 1), a2 = hn::Iota(d, 2), a3 = hn::Iota(d, 3), a4 = hn::Iota(d, 4);
  V a5 = hn::Iota(d, 5), a6 = hn::Iota(d, 6), a7 = hn::Iota(d, 7), a8 = hn::Iota(d, 8), a9 = hn::Iota(d, 9);
  for (int64_t i = 0; i < rounds; ++i) {
    for (V* a : {&a0, &a1, &a2, &a3, &a4, &a5, &a6, &a7, &a8, &a9}) *a = hn::MulAdd(*a, factor, term);
  }
  const V sum = hn::Add(hn::Add(hn::Add(a0, a1), hn::Add(a2, a3)), hn::Add(hn::Add(a4, a5), hn::Add(a6, a7)));
  sink += hn::GetLane(hn::SumOfLanes(d, hn::Add(sum, hn::Add(a8, a9))));
  return rounds * 10 * 2 * static_cast<int64_t>(hn::Lanes(d));
}

}  // namespace triad::bench::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace triad::bench {

HWY_EXPORT(MultiplyAddF32);

int64_t multiply_add_f32(int64_t rounds, float& sink) { return HWY_DYNAMIC_DISPATCH(MultiplyAddF32)(rounds, sink); }

#if HWY_ARCH_X86
namespace {

__attribute__((target("avx512f,avx512bf16"))) int64_t dot_products(int64_t rounds, float& sink) {
  const __m512bh pair = (__m512bh)_mm512_set1_epi32(0x3a803a80);  // 2^-10, twice
  __m512 sums[10];
  for (int i = 0; i < 10; ++i) sums[i] = _mm512_set1_ps(static_cast<float>(i));
  for (int64_t i = 0; i < rounds; ++i) {
    for (__m512& s : sums) s = _mm512_dpbf16_ps(s, pair, pair);
  }
  for (const __m512& s : sums) sink += _mm512_cvtss_f32(s);
  return rounds * 10 * 4 * 16;
}

}  // namespace

int64_t multiply_add_bf16(int64_t rounds, float& sink) {
  return __builtin_cpu_supports("avx512bf16") ? dot_products(rounds, sink) : 0;
}
#else
int64_t multiply_add_bf16(int64_t, float&) { return 0; }
#endif

uint64_t dependent_additions(int64_t count, uint64_t start) {
  uint64_t x = start;
  for (int64_t i = 0; i < count; ++i) {
    x += 1;
    asm volatile("" : "+r"(x));  // or the compiler would add `count` at once
  }
  return x;
}

}  // namespace triad::bench
#endif
