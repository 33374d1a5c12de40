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

/// Rows are padded to whole vectors of multiply(), on every target.
constexpr int64_t kRowPadding = 16;
constexpr int64_t padded(int64_t n) { return (n + kRowPadding - 1) / kRowPadding * kRowPadding; }

/// A tile of C, kRows by kVectors vectors, stays in registers while `k` goes by.
template <class T, int kRows, int kVectors>
HWY_INLINE void multiply_tile(const T* a, int64_t a_row, int64_t a_column, const T* b, int64_t b_row, T* c,
                              int64_t c_row, int64_t k, bool accumulate) {
  namespace hn = hwy::HWY_NAMESPACE;
  const hn::CappedTag<T, kRowPadding> d;
  using V = hn::Vec<decltype(d)>;
  const int64_t lanes = static_cast<int64_t>(hn::Lanes(d));
  V sum[kRows][kVectors];
  for (int r = 0; r < kRows; ++r) {
    for (int v = 0; v < kVectors; ++v) sum[r][v] = accumulate ? hn::LoadU(d, c + r * c_row + v * lanes) : hn::Zero(d);
  }
  for (int64_t i = 0; i < k; ++i) {
    V row[kVectors];
    for (int v = 0; v < kVectors; ++v) row[v] = hn::LoadU(d, b + i * b_row + v * lanes);
    for (int r = 0; r < kRows; ++r) {
      const V value = hn::Set(d, a[r * a_row + i * a_column]);
      for (int v = 0; v < kVectors; ++v) sum[r][v] = hn::MulAdd(value, row[v], sum[r][v]);
    }
  }
  for (int r = 0; r < kRows; ++r) {
    for (int v = 0; v < kVectors; ++v) hn::StoreU(sum[r][v], d, c + r * c_row + v * lanes);
  }
}

template <class T, int kRows>
HWY_INLINE void multiply_rows(const T* a, int64_t a_row, int64_t a_column, const T* b, int64_t b_row, T* c,
                              int64_t c_row, int64_t k, int64_t n, bool accumulate) {
  const int64_t lanes =
      static_cast<int64_t>(hwy::HWY_NAMESPACE::Lanes(hwy::HWY_NAMESPACE::CappedTag<T, kRowPadding>()));
  int64_t column = 0;
  for (; column + 2 * lanes <= n; column += 2 * lanes)
    multiply_tile<T, kRows, 2>(a, a_row, a_column, b + column, b_row, c + column, c_row, k, accumulate);
  for (; column < n; column += lanes)
    multiply_tile<T, kRows, 1>(a, a_row, a_column, b + column, b_row, c + column, c_row, k, accumulate);
}

/// C[m, n] = A[m, k] B[k, n], or C += A B. T is float or double. n is a multiple of kRowPadding; rows of B and C are
/// dense; A may have any strides.
template <class T>
void multiply(const T* a, int64_t a_row, int64_t a_column, const T* b, int64_t b_row, T* c, int64_t c_row, int64_t m,
              int64_t k, int64_t n, bool accumulate) {
  const auto rows_at = [&](int64_t row, auto rows) {
    multiply_rows<T, decltype(rows)::value>(a + row * a_row, a_row, a_column, b, b_row, c + row * c_row, c_row, k, n,
                                            accumulate);
  };
  int64_t row = 0;
  for (; m - row >= 6; row += 6) rows_at(row, std::integral_constant<int, 6>{});
  for (; m - row >= 2; row += 2) rows_at(row, std::integral_constant<int, 2>{});
  if (m - row == 1) rows_at(row, std::integral_constant<int, 1>{});
}

/// to[j, i] = from[i, j] for i < rows, j < columns, both multiples of kRowPadding.
template <class T>
HWY_INLINE void transpose(const T* from, int64_t from_row, int64_t rows, int64_t columns, T* to, int64_t to_row) {
#if HWY_TARGET != HWY_SCALAR
  if constexpr (sizeof(T) == 4) {
    namespace hn = hwy::HWY_NAMESPACE;
    const hn::FixedTag<T, 4> d;
    for (int64_t i = 0; i < rows; i += 4) {
      const T* in = from + i * from_row;
      for (int64_t j = 0; j < columns; j += 4) {
        const auto r0 = hn::LoadU(d, in + j), r1 = hn::LoadU(d, in + from_row + j);
        const auto r2 = hn::LoadU(d, in + 2 * from_row + j), r3 = hn::LoadU(d, in + 3 * from_row + j);
        const auto even01 = hn::InterleaveLower(d, r0, r2), odd01 = hn::InterleaveLower(d, r1, r3);
        const auto even23 = hn::InterleaveUpper(d, r0, r2), odd23 = hn::InterleaveUpper(d, r1, r3);
        T* out = to + j * to_row + i;
        hn::StoreU(hn::InterleaveLower(d, even01, odd01), d, out);
        hn::StoreU(hn::InterleaveUpper(d, even01, odd01), d, out + to_row);
        hn::StoreU(hn::InterleaveLower(d, even23, odd23), d, out + 2 * to_row);
        hn::StoreU(hn::InterleaveUpper(d, even23, odd23), d, out + 3 * to_row);
      }
    }
    return;
  }
#endif
  for (int64_t i = 0; i < rows; ++i) {
    for (int64_t j = 0; j < columns; ++j) to[j * to_row + i] = from[i * from_row + j];
  }
}

}  // namespace triad::cpu::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif
