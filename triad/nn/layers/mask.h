// Masks of padded batches.
#pragma once

#include <cstdint>

#include "triad/core/tensor/tensor.h"

namespace triad::nn {

/// bool [B, positions]: true for the first lengths[b] positions of row b.
/// lengths: i64 [B], each in [0, positions]; ValueError naming the first that is not.
Tensor length_mask(const Tensor& lengths, int64_t positions);

/// x with 0 where the mask is false; what stood there, NaN included, has no influence and gets no gradient.
/// x: [B, T, ...], mask: bool [B, T] or undefined (x itself).
Tensor hide_masked(const Tensor& x, const Tensor& mask);

/// Mean over the positions whose mask is true; 0 for a row without any.
/// x: [B, T, C], mask: bool [B, T] or undefined → [B, C].
Tensor masked_mean(const Tensor& x_BTC, const Tensor& mask_BT);

}  // namespace triad::nn
