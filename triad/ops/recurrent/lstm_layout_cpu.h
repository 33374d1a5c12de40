// In which order an LSTM kernel works through the frames of a padded batch.
#pragma once

#include <cstdint>
#include <vector>

#include "triad/core/tensor/tensor.h"

namespace triad::ops {

/// Frames inside their sequences, without padding, as rows. Sequences are sorted by length, longest first, and cut into
/// blocks; the rows of a block are ordered by step, then sequence. All of this depends on the batch alone. Threads share
/// the work by parts: sequences of one block that go through their steps together, whatever the other parts do.
class LstmLayout {
 public:
  /// Sequences of a block: a matrix product of so many rows is not held up by reading its weights.
  static constexpr int64_t kMostRows = 16;

  struct Part {
    int64_t first_sequence, sequences;  ///< positions in sequence()
    int64_t steps;                      ///< length of the longest sequence
    int64_t first_step;                 ///< of the block
    int64_t place;                      ///< of the first sequence among the rows of a step of the block
  };

  /// `lengths` i64 [batch], or undefined: all `time`.
  LstmLayout(const Tensor& lengths, int64_t batch, int64_t time, bool reverse);

  /// All sequences in parts: at least one part for each of `threads`, if there are sequences enough.
  std::vector<Part> parts(int threads) const;
  /// Sequences of a part that have a frame at `step`, and the row of the first one.
  int64_t count(const Part& part, int64_t step) const { return count(part.first_sequence, part.sequences, step); }
  int64_t first_row(const Part& part, int64_t step) const {
    return first_rows_[static_cast<size_t>(part.first_step + step)] + part.place;
  }

  int64_t rows() const { return static_cast<int64_t>(frames_.size()); }
  /// Frame of each row: b * time + t.
  const int64_t* frames() const { return frames_.data(); }
  /// Row of the frame before in the same sequence, in reading order; -1 at the first.
  int64_t frame_before(int64_t row) const { return frames_before_[static_cast<size_t>(row)]; }
  /// Batch index of the sequence at a sorted position, and its length.
  int64_t sequence(int64_t position) const { return sequences_[static_cast<size_t>(position)]; }
  int64_t length(int64_t position) const { return lengths_[static_cast<size_t>(position)]; }

 private:
  struct Block {
    int64_t first_sequence, sequences;  ///< positions in sequence()
    int64_t first_step;                 ///< position in first_rows_
  };

  int64_t count(int64_t first_sequence, int64_t sequences, int64_t step) const;

  std::vector<Block> blocks_;
  std::vector<int64_t> sequences_, lengths_, frames_, frames_before_;
  std::vector<int64_t> first_rows_;  ///< of each step of each block
};

}  // namespace triad::ops
