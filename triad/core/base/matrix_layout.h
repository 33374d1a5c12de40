// How a matrix lies in memory.
#pragma once

#include <cstdint>

namespace triad {

/// What products (BLAS, oneDNN) can take as it is: one axis dense, the other without overlap.
enum class MatrixLayout {
  rows_dense,     ///< neighbours in a row lie side by side
  columns_dense,  ///< neighbours in a column do: the transpose of what lies there
  other           ///< neither: needs a copy
};

/// Of element (i, j) at i*row + j*column. An axis of extent 1 or 0 may have any stride.
constexpr MatrixLayout matrix_layout(int64_t rows, int64_t columns, int64_t row, int64_t column) {
  if ((column == 1 || columns <= 1) && (row >= columns || rows <= 1)) return MatrixLayout::rows_dense;
  if ((row == 1 || rows <= 1) && (column >= rows || columns <= 1)) return MatrixLayout::columns_dense;
  return MatrixLayout::other;
}

}  // namespace triad
