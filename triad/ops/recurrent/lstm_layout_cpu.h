// In which order an LSTM kernel works through the frames of a padded batch.
#pragma once

#include <algorithm>
#include <cstdint>
#include <vector>

#include "triad/core/tensor/tensor.h"

namespace triad::ops {

/// Frames inside their sequences, without padding, as rows. Sequences are sorted by length, longest first, and cut into
/// blocks of at most kMostRows; blocks are independent of each other. The rows of a block are ordered by step, then
/// sequence, so that step s covers rows first_row + (rows of the steps before) … and its sequences are the first
/// count(s) of the block.
class LstmLayout {
 public:
  static constexpr int64_t kMostRows = 16;

  struct Block {
    int64_t first_row;                  ///< of step 0
    int64_t first_sequence, sequences;  ///< positions in sequence()
    int64_t steps;                      ///< length of the longest sequence
  };

  /// `lengths` i64 [batch], or undefined: all `time`.
  LstmLayout(const Tensor& lengths, int64_t batch, int64_t time, bool reverse);

  /// Enough for a matrix product to run well, few enough to leave several blocks; depends on the batch alone.
  static constexpr int64_t rows_per_block(int64_t batch) {
    return std::clamp<int64_t>((batch + 15) / 16 * 4, 4, kMostRows);
  }

  const std::vector<Block>& blocks() const { return blocks_; }
  int64_t rows() const { return static_cast<int64_t>(frames_.size()); }
  /// Frame of each row: b * time + t.
  const int64_t* frames() const { return frames_.data(); }
  /// Row of the frame before in the same sequence, in reading order; -1 at the first.
  int64_t frame_before(int64_t row) const { return frames_before_[static_cast<size_t>(row)]; }
  /// Batch index of the sequence at a sorted position, and its length.
  int64_t sequence(int64_t position) const { return sequences_[static_cast<size_t>(position)]; }
  int64_t length(int64_t position) const { return lengths_[static_cast<size_t>(position)]; }
  /// Sequences of a block that have a frame at `step`.
  int64_t count(const Block& block, int64_t step) const;

 private:
  std::vector<Block> blocks_;
  std::vector<int64_t> sequences_, lengths_, frames_, frames_before_;
};

}  // namespace triad::ops
