// Products of small matrices that already lie in cache, for kernels that consume each block of a large product at once
// and never store the whole. Included once for each target of Highway, after hwy/highway.h.
#if defined(TRIAD_CORE_CPU_MULTIPLY_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef TRIAD_CORE_CPU_MULTIPLY_INL_H_
#undef TRIAD_CORE_CPU_MULTIPLY_INL_H_
#else
#define TRIAD_CORE_CPU_MULTIPLY_INL_H_
#endif

#include <cstdint>
#include <type_traits>

#include <hwy/highway.h>

HWY_BEFORE_NAMESPACE();
namespace triad::cpu::HWY_NAMESPACE {

/// Rows are padded to whole tiles of multiply(), on every target.
constexpr int64_t kRowPadding = 32;
constexpr int64_t padded(int64_t n) { return (n + kRowPadding - 1) / kRowPadding * kRowPadding; }

template <class T, int kRows>
HWY_INLINE void multiply_rows(const T* a, int64_t a_row, int64_t a_column, const T* b, int64_t b_row, T* c,
                              int64_t c_row, int64_t k, int64_t n, bool accumulate) {
  namespace hn = hwy::HWY_NAMESPACE;
  const hn::CappedTag<T, 16> d;
  using V = hn::Vec<decltype(d)>;
  const int64_t lanes = static_cast<int64_t>(hn::Lanes(d));
  for (int64_t column = 0; column < n; column += 2 * lanes) {
    V sum[kRows][2];
    for (int r = 0; r < kRows; ++r) {
      for (int v = 0; v < 2; ++v)
        sum[r][v] = accumulate ? hn::LoadU(d, c + r * c_row + column + v * lanes) : hn::Zero(d);
    }
    for (int64_t i = 0; i < k; ++i) {
      const V b0 = hn::LoadU(d, b + i * b_row + column), b1 = hn::LoadU(d, b + i * b_row + column + lanes);
      for (int r = 0; r < kRows; ++r) {
        const V value = hn::Set(d, a[r * a_row + i * a_column]);
        sum[r][0] = hn::MulAdd(value, b0, sum[r][0]);
        sum[r][1] = hn::MulAdd(value, b1, sum[r][1]);
      }
    }
    for (int r = 0; r < kRows; ++r) {
      for (int v = 0; v < 2; ++v) hn::StoreU(sum[r][v], d, c + r * c_row + column + v * lanes);
    }
  }
}

/// C[m, n] = A[m, k] B[k, n], or C += A B. T is float or double. n is a multiple of kRowPadding; rows of B and C are
/// dense; A may have any strides.
template <class T>
void multiply(const T* a, int64_t a_row, int64_t a_column, const T* b, int64_t b_row, T* c, int64_t c_row, int64_t m,
              int64_t k, int64_t n, bool accumulate) {
  int64_t row = 0;
  const auto at_row = [&](auto rows) {
    multiply_rows<T, decltype(rows)::value>(a + row * a_row, a_row, a_column, b, b_row, c + row * c_row, c_row, k, n,
                                            accumulate);
    row += rows;
  };
  while (m - row >= 6) at_row(std::integral_constant<int, 6>{});
  while (m - row >= 2) at_row(std::integral_constant<int, 2>{});
  if (m - row == 1) at_row(std::integral_constant<int, 1>{});
}

}  // namespace triad::cpu::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif
