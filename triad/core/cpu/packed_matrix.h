// A right-hand matrix that many products share.
#pragma once

#include <cstdint>
#include <optional>

#include "triad/core/cpu/gemm.h"
#include "triad/core/cpu/onednn.h"

namespace triad::cpu {

/// B of products C = A B with few rows in A, one after the other: laid out once the way the kernel reads it, which makes
/// products of 4 to 16 rows up to three times as fast (the recurrent weight of an LSTM). `b` must outlive this object.
class PackedMatrix {
 public:
  /// dtype of A and B; c_dtype as in Gemm. inner, columns > 0.
  PackedMatrix(DType dtype, DType c_dtype, int64_t inner, int64_t columns, const GemmOperand& b);

  /// Whether a row of C has the same bits whatever rows A has beside it: where oneDNN multiplies. OpenBLAS has kernels of
  /// their own for single rows.
  bool rows_are_independent() const { return packed_.has_value(); }

  /// A [rows, inner] and C [rows, columns], dense. Runs on the calling thread alone; several threads may call.
  void multiply(int64_t rows, const void* a, void* c) const;

 private:
  DType dtype_, c_dtype_;
  int64_t inner_, columns_;
  GemmOperand b_;
  std::optional<onednn::Primitive::Packed> packed_;  ///< none where oneDNN has no kernel
};

}  // namespace triad::cpu
