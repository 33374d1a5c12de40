#include "triad/train/parallel/global_rows.h"

#include <algorithm>
#include <numeric>

namespace triad::train {

GlobalRows::GlobalRows(const std::vector<int64_t>& own, comm::Communicator& comm)
    : rank_(static_cast<size_t>(comm.rank())), counts_(own.size()) {
  Tensor all = zeros({comm.size() * std::ssize(own)}, DType::i64);
  std::ranges::copy(own, all.mutable_data<int64_t>() + comm.rank() * std::ssize(own));
  comm.all_gather(all, std::vector<int64_t>(static_cast<size_t>(comm.size()), std::ssize(own)),
                  {.name = "numbers of rows"})
      .wait();
  const int64_t* count = all.data<int64_t>();
  for (int rank = 0; rank < comm.size(); ++rank) {
    for (std::vector<int64_t>& of_kind : counts_) of_kind.push_back(*count++);
  }
}

int64_t GlobalRows::total(size_t kind) const {
  return std::accumulate(counts_[kind].begin(), counts_[kind].end(), int64_t{0});
}

int64_t GlobalRows::first(size_t kind) const {
  return std::accumulate(counts_[kind].begin(), counts_[kind].begin() + static_cast<int64_t>(rank_), int64_t{0});
}

Tensor gather_rows(const Tensor& own_in, const std::vector<int64_t>& rows, comm::Communicator& comm) {
  const Tensor own = contiguous(own_in.detach());
  if (comm.size() == 1) return own;
  Shape shape = own.shape();
  shape[0] = std::accumulate(rows.begin(), rows.end(), int64_t{0});
  Shape one = own.shape();
  one[0] = 1;
  std::vector<int64_t> counts;
  for (const int64_t count : rows) counts.push_back(count * one.numel());
  require<ShapeError>(own.numel() == counts[static_cast<size_t>(comm.rank())], "gather_rows", "rank ", comm.rank(),
                      " has ", own.size(0), " rows, and said it has ", rows[static_cast<size_t>(comm.rank())]);
  Tensor all = empty(shape, own.dtype(), own.device());
  const int64_t first = std::accumulate(counts.begin(), counts.begin() + comm.rank(), int64_t{0});
  Tensor slot(all.storage(), all.dtype(), own.shape(), contiguous_strides(own.shape()), first);
  copy_into(slot, own);
  comm.all_gather(all, counts, {.name = "rows"}).wait();
  return all;
}

}  // namespace triad::train
