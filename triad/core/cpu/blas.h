// OpenBLAS, in row-major terms. The openmp flavour only: a second thread pool would fight with ours.
#pragma once

#include <cstdint>

namespace triad::cpu::blas {

/// A matrix operand: element (i, j) at data + i*row + j*column, where one stride is 1 (or its extent is at most 1).
template <class T>
struct Matrix {
  const T* data;
  int64_t row, column;
};

/// C[m, n] = A[m, k] B[k, n] + beta C; element (i, j) of C at c + i*c_row + j. m, n, k > 0. Tiles of C of a fixed size are
/// spread over the team, each by single-threaded BLAS: left to itself, OpenBLAS rounds differently on other team sizes.
void gemm(int64_t m, int64_t n, int64_t k, Matrix<float> a, Matrix<float> b, float beta, float* c, int64_t c_row);
void gemm(int64_t m, int64_t n, int64_t k, Matrix<double> a, Matrix<double> b, double beta, double* c, int64_t c_row);

/// Replaces the columns of A [rows, columns], column after column in memory, rows >= columns, by the Q of A = Q R with a
/// positive diagonal of R: orthonormal columns, and uniformly distributed ones for a normal A.     [Mezzadri, math-ph/0609050]
void orthonormalise(int64_t rows, int64_t columns, double* a);

}  // namespace triad::cpu::blas
