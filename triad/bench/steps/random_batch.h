// Random inputs of the timed training steps: never zeros, which some processors multiply with less power.
#pragma once

#include "triad/core/base/philox.h"
#include "triad/core/tensor/tensor.h"

namespace triad::bench {

/// i64, uniform in [first, end).
Tensor random_ids(const Shape& shape, int64_t first, int64_t end, RandomKey key);

/// Texts of random words and lengths, from half of the positions to all of them; the first is as long as can be.
struct TextBatch {
  Tensor ids_BT;   ///< i64
  Tensor seen_BT;  ///< bool, false for padding
};
TextBatch random_texts(int64_t batch, int64_t positions, int64_t vocabulary, RandomKey key);

/// i64: 15 % of what is seen, as b * T + t.
Tensor random_positions(const Tensor& seen_BT, RandomKey key);

}  // namespace triad::bench
