// The matrices of attention as its products read them: in the arithmetic of T, or as pairs of bf16.
//
// A product multiplies words: a word is one element, or a pair of neighbours along the axis that is summed over. Matrices
// are held as rows of words along the width of a head; products that sum over queries or keys need them another way.
#include <algorithm>
#include <cstdint>
#include <cstring>

#include <hwy/highway.h>

#include "triad/core/cpu/multiply-inl.h"
#include "triad/core/cpu/multiply_bf16.h"
#include "triad/core/cpu/vector_row-inl.h"

#if defined(TRIAD_OPS_ATTENTION_OPERAND_INL_H) == defined(HWY_TARGET_TOGGLE)
#ifdef TRIAD_OPS_ATTENTION_OPERAND_INL_H
#undef TRIAD_OPS_ATTENTION_OPERAND_INL_H
#else
#define TRIAD_OPS_ATTENTION_OPERAND_INL_H
#endif

HWY_BEFORE_NAMESPACE();
namespace triad::ops::HWY_NAMESPACE {

namespace hn = hwy::HWY_NAMESPACE;
namespace vec = triad::cpu::HWY_NAMESPACE;

/// The left side of a product: word (i, k) at data + i*row + k*column.
template <class W>
struct Left {
  const W* data;
  int64_t row, column;
};

/// Products of elements, in T = float or double.
template <class T>
struct Plain {
  using Word = T;
  static constexpr int64_t kElements = 1;  // of a word

  /// A row of a head, without the padding.
  template <class E>
  static HWY_INLINE void load_row(const E* from, int64_t width, T* to) {
    const vec::Tag<T> d;
    vec::for_each_vector<T>(width, [&](auto part, int64_t i) { hn::StoreU(part.load(from + i), d, to + i); });
  }
  /// [rows, columns] with the rows summed over: as it is.
  static const T* right(const T* rows, int64_t, int64_t, T*) { return rows; }
  /// [rows, columns] of T on the left, its columns summed over, or its rows: as it is.
  static Left<T> left(const T* m, int64_t, int64_t columns, T*) { return {m, columns, 1}; }
  static Left<T> left_transposed(const T* m, int64_t, int64_t columns, T*) { return {m, 1, columns}; }

  static void multiply(const Left<T>& a, const T* b, int64_t b_row, T* c, int64_t c_row, int64_t m, int64_t k,
                       int64_t n, bool accumulate) {
    cpu::HWY_NAMESPACE::multiply(a.data, a.row, a.column, b, b_row, c, c_row, m, k, n, accumulate);
  }
};

/// Products of pairs of bf16, added up in f32.
struct Pairs {
  using Word = uint32_t;
  static constexpr int64_t kElements = 2;

  static HWY_INLINE void load_row(const BFloat16* from, int64_t width, uint32_t* to) {
    if (width % 2) to[width / 2] = 0;  // the second half of the last pair
    std::memcpy(to, from, static_cast<size_t>(width) * sizeof(BFloat16));
  }
  /// [rows, columns] held as rows of pairs, both even → [rows / 2, columns]: pairs of rows.
  static const uint32_t* right(const uint32_t* rows, int64_t count, int64_t columns, uint32_t* to) {
    const hn::CappedTag<uint32_t, vec::kMostLanes> d;
    const hn::Rebind<uint16_t, decltype(d)> half;
    for (int64_t i = 0; i < count; i += 2) {
      const auto *even = reinterpret_cast<const uint16_t*>(rows + i * columns / 2), *odd = even + columns;
      for (int64_t j = 0; j < columns; j += static_cast<int64_t>(hn::Lanes(d))) {
        const auto low = hn::PromoteTo(d, hn::LoadU(half, even + j)), high = hn::PromoteTo(d, hn::LoadU(half, odd + j));
        hn::StoreU(hn::Or(low, hn::ShiftLeft<16>(high)), d, to + i / 2 * columns + j);
      }
    }
    return to;
  }
  static Left<uint32_t> left(const float* m, int64_t rows, int64_t columns, uint32_t* to) {
    auto* elements = reinterpret_cast<BFloat16*>(to);
    const vec::Tag<float> d;
    for (int64_t i = 0; i < rows * columns; i += static_cast<int64_t>(hn::Lanes(d)))
      vec::store(hn::LoadU(d, m + i), elements + i);
    return {to, columns / 2, 1};
  }
  /// An odd last row is paired with zeros.
  static Left<uint32_t> left_transposed(const float* m, int64_t rows, int64_t columns, uint32_t* to) {
    const vec::Tag<float> d;
    const hn::CappedTag<uint32_t, vec::kMostLanes> d32;
    for (int64_t i = 0; i < rows; i += 2) {
      for (int64_t j = 0; j < columns; j += static_cast<int64_t>(hn::Lanes(d))) {
        const float* at = m + i * columns + j;
        const auto low = vec::bf16_bits(hn::LoadU(d, at));
        const auto high = i + 1 < rows ? vec::bf16_bits(hn::LoadU(d, at + columns)) : hn::Zero(d32);
        hn::StoreU(hn::Or(low, hn::ShiftLeft<16>(high)), d32, to + i / 2 * columns + j);
      }
    }
    return {to, 1, columns};
  }

  static void multiply(const Left<uint32_t>& a, const uint32_t* b, int64_t b_row, float* c, int64_t c_row, int64_t m,
                       int64_t k, int64_t n, bool accumulate) {
    cpu::multiply_bf16(a.data, a.row, a.column, b, b_row, c, c_row, m, k, n, accumulate);
  }
};

/// Words that hold n elements which are summed over.
template <class Math>
constexpr int64_t words(int64_t n) {
  return (n + Math::kElements - 1) / Math::kElements;
}

}  // namespace triad::ops::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif
