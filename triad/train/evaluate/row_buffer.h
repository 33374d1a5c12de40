// Rows that come batch by batch.
#pragma once

#include <cstdint>

#include "triad/core/tensor/tensor.h"

namespace triad::train {

/// Puts the rows of tensors [n, width] under each other, each copied once: memory is that of the result, and not twice it as
/// at the end of a concat() of parts.
class RowBuffer {
 public:
  /// `most`: rows there will be at most.
  explicit RowBuffer(int64_t most) : most_(most) {}

  /// rows: [n, width] with n >= 0, of the width and dtype of the first ones. ShapeError beyond `most`.
  void append(const Tensor& rows);
  /// What came so far, [n, width]; undefined if nothing has.
  Tensor rows() const;

 private:
  int64_t most_, filled_ = 0;
  Tensor buffer_;  ///< [most, width]; made when the first rows tell the width
};

}  // namespace triad::train
