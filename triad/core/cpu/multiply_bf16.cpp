#include "triad/core/cpu/multiply_bf16.h"

#include <type_traits>

#include "triad/core/base/error.h"

#if defined(__x86_64__)
#include <immintrin.h>
#endif

namespace triad::cpu {

#if defined(__x86_64__)

namespace {

constexpr int64_t kLanes = 16;

/// A tile of C, kRows by kVectors vectors, stays in registers while `k` goes by.
template <int kRows, int kVectors>
__attribute__((target("avx512f,avx512bf16"))) void multiply_tile(const uint32_t* a, int64_t a_row, int64_t a_column,
                                                                 const uint32_t* b, int64_t b_row, float* c,
                                                                 int64_t c_row, int64_t k, bool accumulate) {
  __m512 sum[kRows][kVectors];
  for (int r = 0; r < kRows; ++r) {
    for (int v = 0; v < kVectors; ++v)
      sum[r][v] = accumulate ? _mm512_loadu_ps(c + r * c_row + v * kLanes) : _mm512_setzero_ps();
  }
  for (int64_t i = 0; i < k; ++i) {
    __m512i row[kVectors];
    for (int v = 0; v < kVectors; ++v) row[v] = _mm512_loadu_si512(b + i * b_row + v * kLanes);
    for (int r = 0; r < kRows; ++r) {
      const __m512i pair = _mm512_set1_epi32(static_cast<int>(a[r * a_row + i * a_column]));
      for (int v = 0; v < kVectors; ++v) sum[r][v] = _mm512_dpbf16_ps(sum[r][v], (__m512bh)pair, (__m512bh)row[v]);
    }
  }
  for (int r = 0; r < kRows; ++r) {
    for (int v = 0; v < kVectors; ++v) _mm512_storeu_ps(c + r * c_row + v * kLanes, sum[r][v]);
  }
}

}  // namespace

bool has_bf16_pairs() {
  static const bool has = __builtin_cpu_supports("avx512bf16");
  return has;
}

void multiply_bf16(const uint32_t* a, int64_t a_row, int64_t a_column, const uint32_t* b, int64_t b_row, float* c,
                   int64_t c_row, int64_t m, int64_t k, int64_t n, bool accumulate) {
  int64_t row = 0;
  const auto at_row = [&](auto rows) {
    int64_t column = 0;
    const auto at_column = [&](auto vectors) {
      multiply_tile<rows.value, vectors.value>(a + row * a_row, a_row, a_column, b + column, b_row,
                                               c + row * c_row + column, c_row, k, accumulate);
      column += vectors.value * kLanes;
    };
    while (column + 2 * kLanes <= n) at_column(std::integral_constant<int, 2>{});
    if (column < n) at_column(std::integral_constant<int, 1>{});
    row += rows.value;
  };
  while (m - row >= 6) at_row(std::integral_constant<int, 6>{});
  while (m - row >= 2) at_row(std::integral_constant<int, 2>{});
  if (m - row == 1) at_row(std::integral_constant<int, 1>{});
}

#else

bool has_bf16_pairs() { return false; }

void multiply_bf16(const uint32_t*, int64_t, int64_t, const uint32_t*, int64_t, float*, int64_t, int64_t, int64_t,
                   int64_t, bool) {
  fail<DeviceError>("multiply_bf16", "this processor has no dot products of bf16 pairs");
}

#endif

}  // namespace triad::cpu
