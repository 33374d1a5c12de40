#include "triad/core/cpu/blas.h"

#include <algorithm>
#include <limits>
#include <vector>

#include <cblas.h>

#include "triad/core/base/error.h"
#include "triad/core/base/matrix_layout.h"
#include "triad/core/cpu/parallel.h"

// LAPACK, which OpenBLAS contains but does not declare.
extern "C" {
void dgeqrf_(const blasint* m, const blasint* n, double* a, const blasint* lda, double* tau, double* work,
             const blasint* lwork, blasint* info);
void dorgqr_(const blasint* m, const blasint* n, const blasint* k, double* a, const blasint* lda, const double* tau,
             double* work, const blasint* lwork, blasint* info);
}

namespace triad::cpu::blas {
namespace {

blasint to_blasint(int64_t n) {
  require<ShapeError>(n <= std::numeric_limits<blasint>::max(), "gemm", "an extent or stride of ", n,
                      " does not fit the integers of this BLAS");
  return static_cast<blasint>(n);
}

/// How BLAS sees a matrix of `rows` x `columns`: as it lies, or as the transpose of what lies there.
struct Layout {
  CBLAS_TRANSPOSE transpose;
  blasint leading;
};
template <class T>
Layout layout_of(const Matrix<T>& m, int64_t rows, int64_t columns) {
  if (matrix_layout(rows, columns, m.row, m.column) == MatrixLayout::rows_dense)
    return {CblasNoTrans, to_blasint(std::max(m.row, columns))};
  return {CblasTrans, to_blasint(std::max(m.column, rows))};
}

constexpr int64_t kTileRows = 192, kTileColumns = 384;

template <class T, class Function>
void call(Function function, int64_t m, int64_t n, int64_t k, Matrix<T> a, Matrix<T> b, T beta, T* c, int64_t c_row) {
  const Layout layout_a = layout_of(a, m, k), layout_b = layout_of(b, k, n);
  const blasint inner = to_blasint(k), leading_c = to_blasint(std::max(c_row, n));
  const int64_t tile_columns = (n + kTileColumns - 1) / kTileColumns;
  const int64_t tiles = (m + kTileRows - 1) / kTileRows * tile_columns;
  parallel_for(tiles, 1, [&](int64_t first, int64_t last) {
    const OneThread alone;
    for (int64_t tile = first; tile < last; ++tile) {
      const int64_t row = tile / tile_columns * kTileRows, column = tile % tile_columns * kTileColumns;
      const int64_t rows = std::min(kTileRows, m - row), columns = std::min(kTileColumns, n - column);
      function(CblasRowMajor, layout_a.transpose, layout_b.transpose, static_cast<blasint>(rows),
               static_cast<blasint>(columns), inner, T(1), a.data + row * a.row, layout_a.leading,
               b.data + column * b.column, layout_b.leading, beta, c + row * c_row + column, leading_c);
    }
  });
}

}  // namespace

void gemm(int64_t m, int64_t n, int64_t k, Matrix<float> a, Matrix<float> b, float beta, float* c, int64_t c_row) {
  call(&cblas_sgemm, m, n, k, a, b, beta, c, c_row);
}
void gemm(int64_t m, int64_t n, int64_t k, Matrix<double> a, Matrix<double> b, double beta, double* c, int64_t c_row) {
  call(&cblas_dgemm, m, n, k, a, b, beta, c, c_row);
}

void orthonormalise(int64_t rows, int64_t columns, double* a) {
  if (columns == 0) return;
  const OneThread alone;
  const blasint m = to_blasint(rows), n = to_blasint(columns), work_size = to_blasint(64 * columns);
  blasint info = 0;
  std::vector<double> tau(static_cast<size_t>(n)), work(static_cast<size_t>(work_size)), signs(tau.size());
  const auto check = [&info](std::string_view step) {
    require<ValueError>(info == 0, "orthonormalise", step, " refused argument ", -info);
  };
  dgeqrf_(&m, &n, a, &m, tau.data(), work.data(), &work_size, &info);
  check("dgeqrf");
  for (int64_t j = 0; j < columns; ++j) signs[static_cast<size_t>(j)] = a[j * rows + j] < 0 ? -1 : 1;
  dorgqr_(&m, &n, &n, a, &m, tau.data(), work.data(), &work_size, &info);
  check("dorgqr");
  for (int64_t j = 0; j < columns; ++j) {
    for (int64_t i = 0; i < rows; ++i) a[j * rows + i] *= signs[static_cast<size_t>(j)];
  }
}

}  // namespace triad::cpu::blas
