#include "triad/train/evaluate/row_buffer.h"

#include "triad/core/base/error.h"
#include "triad/core/tensor/views.h"

namespace triad::train {

void RowBuffer::append(const Tensor& rows) {
  const int64_t n = rows.size(0);
  require<ShapeError>(filled_ + n <= most_, "RowBuffer", filled_, " and ", n, " rows, expected at most ", most_);
  if (!buffer_.defined()) buffer_ = empty({most_, rows.size(1)}, rows.dtype(), rows.device());
  Tensor place = views::slice(buffer_, 0, filled_, filled_ + n);
  copy_into(place, rows);
  filled_ += n;
}

Tensor RowBuffer::rows() const { return buffer_.defined() ? views::slice(buffer_, 0, 0, filled_) : Tensor(); }

}  // namespace triad::train
