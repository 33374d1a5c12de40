// Rows of a batch that is spread over ranks, where each rank has another number of them.
#pragma once

#include <cstdint>
#include <vector>

#include "triad/core/comm/communicator.h"

namespace triad::train {

/// How many rows of each of several kinds every rank has.
class GlobalRows {
 public:
  GlobalRows() = default;
  /// Tells all ranks of the own counts, one a kind; the same number of kinds everywhere.
  GlobalRows(const std::vector<int64_t>& own, comm::Communicator& comm);

  /// By rank.
  const std::vector<int64_t>& of(size_t kind) const { return counts_[kind]; }
  int64_t total(size_t kind) const;
  /// Place of this rank's first row among those of all.
  int64_t first(size_t kind) const;

 private:
  size_t rank_ = 0;
  std::vector<std::vector<int64_t>> counts_;  ///< [kind][rank]
};

/// [n, …] of each rank → [N, …] of all, in the order of ranks, of which rank r has rows[r]. Not recorded on the tape.
Tensor gather_rows(const Tensor& own, const std::vector<int64_t>& rows, comm::Communicator& comm);

}  // namespace triad::train
