// Matrix products of every floating dtype behind one call.
#pragma once

#include <cstdint>

#include "triad/core/base/dtype.h"
#include "triad/core/base/shape.h"

namespace triad::cpu {

/// A batch of matrices in memory. Element (b…, i, j) lies at data + b·batch + i*row + j*column (strides in elements).
struct GemmOperand {
  const void* data;
  int64_t row, column;
  Strides batch = {};
};

/// C = A B, or C += A B, or C = A B + bias, for every index of `batch`; C[i, j] lies at c + b·c_batch + i*c_row + j.
struct Gemm {
  DType dtype;    ///< of A and B
  DType c_dtype;  ///< of C and bias: the same, or f32 for 16-bit operands
  int64_t rows, columns, inner;
  GemmOperand a, b;
  void* c;
  int64_t c_row;
  Shape batch = {};
  Strides c_batch = {};
  bool accumulate = false;     ///< only with C in f32 or f64
  const void* bias = nullptr;  ///< [columns]; not together with accumulate
};

/// Computes in f32 for 16-bit operands; a 16-bit C is rounded once at the end. Operands must have dense rows or columns
/// (core/base/matrix_layout.h); batch strides may be anything, 0 included. Extents may be 0: an empty inner axis gives
/// 0 (or bias).
void gemm(const Gemm& g);

}  // namespace triad::cpu
