#include "triad/ops/recurrent/lstm_layout_cpu.h"

#include <algorithm>
#include <numeric>

#include "triad/core/tensor/optional_argument.h"

namespace triad::ops {
namespace {

int64_t ceil_div(int64_t a, int64_t b) { return (a + b - 1) / b; }

}  // namespace

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
  const int64_t most = ceil_div(batch, std::max<int64_t>(1, ceil_div(batch, kMostRows)));
  for (int64_t first = 0; first < batch; first += most) {
    const Block block{first, std::min(most, batch - first), std::ssize(first_rows_)};
    blocks_.push_back(block);
    for (int64_t step = 0; step < length(first); ++step) {
      first_rows_.push_back(rows());
      for (int64_t i = 0; i < count(first, block.sequences, step); ++i) {
        const int64_t base = sequence(first + i) * time, last = length(first + i) - 1;
        const auto frame = [&](int64_t s) { return base + (reverse ? last - s : s); };
        frames_.push_back(frame(step));
        frames_before_.push_back(step > 0 ? frame(step - 1) : -1);
      }
    }
  }
}

std::vector<LstmLayout::Part> LstmLayout::parts(int threads) const {
  constexpr int64_t kFewestRows = 4;  // of a part: its matrix products take as long with fewer
  const int64_t parts_of_block = ceil_div(threads, std::max<int64_t>(1, std::ssize(blocks_)));
  std::vector<Part> parts;
  for (const Block& block : blocks_) {
    const int64_t most = std::max(kFewestRows, ceil_div(block.sequences, parts_of_block));
    for (int64_t place = 0; place < block.sequences; place += most) {
      const int64_t first = block.first_sequence + place;
      parts.push_back({first, std::min(most, block.sequences - place), length(first), block.first_step, place});
    }
  }
  return parts;
}

int64_t LstmLayout::count(int64_t first_sequence, int64_t sequences, int64_t step) const {
  while (sequences > 0 && length(first_sequence + sequences - 1) <= step) --sequences;
  return sequences;
}

}  // namespace triad::ops
