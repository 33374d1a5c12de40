#include "triad/nn/layers/mask.h"

#include "triad/ops/elementwise/binary.h"
#include "triad/ops/elementwise/cast.h"
#include "triad/ops/elementwise/where.h"
#include "triad/ops/reduce/sum.h"
#include "triad/ops/shape/reshape.h"

namespace triad::nn {

Tensor length_mask(const Tensor& lengths, int64_t positions) {
  check_rank("length_mask", "lengths", lengths, 1);
  const std::vector<int64_t> counts = lengths.to_vector<int64_t>();
  Tensor mask = empty({lengths.size(0), positions}, DType::boolean);
  bool* row = mask.mutable_data<bool>();
  for (size_t b = 0; b < counts.size(); ++b, row += positions) {
    require<ValueError>(counts[b] >= 0 && counts[b] <= positions, "length_mask", "lengths[", b, "] is ", counts[b],
                        ", expected 0 to ", positions);
    std::fill(row, row + counts[b], true);
    std::fill(row + counts[b], row + positions, false);
  }
  return mask;
}

Tensor hide_masked(const Tensor& x, const Tensor& mask) {
  if (!mask.defined()) return x;
  check_shape("hide_masked", "mask", mask, {x.size(0), x.size(1)});
  Tensor condition = mask;
  for (int axis = 2; axis < x.rank(); ++axis) condition = ops::unsqueeze(condition, -1);
  return ops::where(condition, x, zeros({}, x.dtype(), x.device()));
}

Tensor masked_mean(const Tensor& x_BTC, const Tensor& mask_BT) {
  check_rank("masked_mean", "x", x_BTC, 3);
  if (!mask_BT.defined()) return ops::mean(x_BTC, {1});
  const Tensor total = ops::wide_sum(hide_masked(x_BTC, mask_BT), {1});
  const Tensor count = ops::clamp(ops::cast(ops::sum(mask_BT, {1}, /*keep=*/true), total.dtype()), 1, 1e18);
  return ops::cast(total / count, x_BTC.dtype());
}

}  // namespace triad::nn
