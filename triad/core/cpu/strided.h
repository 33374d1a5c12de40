// Walking several strided blocks of one shape together.
#pragma once

#include <array>
#include <cstdint>

#include "triad/core/base/shape.h"
#include "triad/core/cpu/parallel.h"

namespace triad::cpu {

/// One loop nest over N blocks of equal shape. Neighbouring axes that are dense in every block are merged, so that the
/// innermost axis, which bodies see as one row, is as long as it can be.
template <int N>
struct StridedLoop {
  Shape shape;                     ///< merged extents; at least one axis
  std::array<Strides, N> strides;  ///< merged strides of each block, in elements

  StridedLoop(const Shape& full_shape, const std::array<Strides, N>& full_strides) {
    for (int i = 0; i < full_shape.rank(); ++i) {
      if (full_shape[i] == 1) continue;
      bool merges = !shape.empty();
      for (int k = 0; k < N && merges; ++k) merges = strides[k].back() == full_shape[i] * full_strides[k][i];
      if (merges) shape.back() *= full_shape[i];
      else shape.push_back(full_shape[i]);
      for (int k = 0; k < N; ++k) {
        if (merges) strides[k].back() = full_strides[k][i];
        else strides[k].push_back(full_strides[k][i]);
      }
    }
    if (shape.empty()) {
      shape.push_back(1);
      for (int k = 0; k < N; ++k) strides[k].push_back(1);
    }
  }

  int64_t row_length() const { return shape.back(); }
  int64_t rows() const { return row_length() == 0 ? 0 : shape.numel() / row_length(); }
  int64_t row_stride(int k) const { return strides[k].back(); }

  /// Offsets in elements of row `row` (row-major over all axes but the last) in each block.
  std::array<int64_t, N> row_offsets(int64_t row) const {
    std::array<int64_t, N> offsets{};
    for (int axis = shape.rank() - 2; axis >= 0; --axis) {
      const int64_t index = row % shape[axis];
      row /= shape[axis];
      for (int k = 0; k < N; ++k) offsets[k] += index * strides[k][axis];
    }
    return offsets;
  }

  /// Calls body(offsets, length) for pieces of rows, in parallel; `cost` is the work of one element (see
  /// chunk_for_cost). Every element is visited once.
  template <class Body>
  void for_each_row(const Body& body, int64_t cost = 1) const {
    const int64_t length = row_length(), count = rows();
    if (count == 0) return;
    if (count == 1) {  // one long row: cut it
      parallel_for(length, chunk_for_cost(cost), [&](int64_t first, int64_t last) {
        std::array<int64_t, N> offsets{};
        for (int k = 0; k < N; ++k) offsets[k] = first * row_stride(k);
        body(offsets, last - first);
      });
      return;
    }
    parallel_for(count, chunk_for_cost(cost * length), [&](int64_t first, int64_t last) {
      for (int64_t row = first; row < last; ++row) body(row_offsets(row), length);
    });
  }
};

}  // namespace triad::cpu
