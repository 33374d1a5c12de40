// Which samples make up which batch of an epoch: a pure function of the seed and the epoch.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace triad::data {

struct PlanOptions {
  int64_t batch_size = 1;  ///< of all ranks together
  uint64_t seed = 0;
  bool shuffle = true;    ///< false: the order of the data set; lengths are not looked at
  bool drop_last = true;  ///< leave out what does not fill a batch; otherwise it comes as the last batch of the epoch
  int64_t pool_batches = 32;  ///< with lengths: samples of so many batches are sorted by length together
};

/// The batches of one epoch. Every sample is in exactly one batch, but for those that drop_last leaves out; which ones,
/// changes with the epoch.
class BatchPlan {
 public:
  /// Order of epoch `epoch`. With `lengths` (one a sample, or none) batches hold samples of similar length: the
  /// shuffled samples are cut into pools, a pool is sorted by length and cut into batches, and the batches of the whole
  /// epoch are shuffled again, as are the samples in each, so that equal parts of a batch cost the same on average.
  /// ValueError for sizes that do not fit, or if not one batch results.
  BatchPlan(int64_t samples, std::span<const int64_t> lengths, const PlanOptions& options, int64_t epoch);

  /// Batches in an epoch of `samples` samples.
  static int64_t batches_in(int64_t samples, const PlanOptions& options);

  int64_t size() const { return static_cast<int64_t>(starts_.size()) - 1; }
  /// Sample indices of a batch.
  std::span<const int64_t> batch(int64_t index) const;
  /// CRC-32 of the order, to tell whether two runs go through the same one.
  uint32_t checksum() const;

 private:
  std::vector<int64_t> order_;
  std::vector<int64_t> starts_;  ///< of the batches in order_, and its end
};

}  // namespace triad::data
