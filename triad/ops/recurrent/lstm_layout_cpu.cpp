#include "triad/ops/recurrent/lstm_layout_cpu.h"

#include <algorithm>
#include <numeric>

#include "triad/core/tensor/optional_argument.h"

namespace triad::ops {

LstmLayout::LstmLayout(const Tensor& lengths, int64_t batch, int64_t time, bool reverse)
    : sequences_(static_cast<size_t>(batch)), lengths_(static_cast<size_t>(batch), time) {
  const int64_t* given = data_or_null<int64_t>(lengths);
  std::iota(sequences_.begin(), sequences_.end(), int64_t{0});
  if (given) {
    std::stable_sort(sequences_.begin(), sequences_.end(),
                     [given](int64_t a, int64_t b) { return given[a] > given[b]; });
    for (size_t i = 0; i < sequences_.size(); ++i) lengths_[i] = given[sequences_[i]];
  }
  const auto total = static_cast<size_t>(std::accumulate(lengths_.begin(), lengths_.end(), int64_t{0}));
  frames_.reserve(total);
  frames_before_.reserve(total);
  const int64_t most = rows_per_block(batch);
  for (int64_t first = 0; first < batch; first += most) {
    const Block block{rows(), first, std::min(most, batch - first), length(first)};
    blocks_.push_back(block);
    for (int64_t step = 0; step < block.steps; ++step) {
      for (int64_t i = 0; i < count(block, step); ++i) {
        const int64_t base = sequence(first + i) * time, last = length(first + i) - 1;
        const auto frame = [&](int64_t s) { return base + (reverse ? last - s : s); };
        frames_.push_back(frame(step));
        frames_before_.push_back(step > 0 ? frame(step - 1) : -1);
      }
    }
  }
}

int64_t LstmLayout::count(const Block& block, int64_t step) const {
  int64_t n = block.sequences;
  while (n > 0 && length(block.first_sequence + n - 1) <= step) --n;
  return n;
}

}  // namespace triad::ops
