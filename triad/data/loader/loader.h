// Batches in a fixed order, made ahead of time by worker threads.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <exception>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <thread>
#include <utility>
#include <vector>

#include "triad/data/loader/batch_plan.h"

namespace triad::data {

struct LoaderOptions {
  PlanOptions plan;
  int rank = 0, world = 1;  ///< each rank makes its part of every batch; parts differ by at most one sample
  int workers = 1;          ///< threads that make batches; 0: next() makes them
  int prefetch = 4;         ///< batches made ahead of next(), at most
  int64_t epochs = 0;       ///< next() ends after so many; 0: never
};

/// What a batch consists of.
struct BatchIndices {
  std::span<const int64_t> samples;  ///< of this rank, as indices into the data set
  int64_t first = 0;                 ///< place of samples[0] in the batch of all ranks: RandomKey::sample of this part
  int64_t global_size = 0;           ///< samples of all ranks together
  int64_t epoch = 0;
  int64_t position = 0;  ///< of this batch in its epoch
  int64_t sequence = 0;  ///< of this batch since the beginning of epoch 0
};

/// Where a loader stands: what next() gives next. Plain numbers, for checkpoints. The order itself is a function of the
/// seed and the epoch; `order` is its checksum, so that a run never goes on in another order unnoticed. It says nothing
/// of what the samples are: see data::DataIdentity.
struct LoaderState {
  int64_t epoch = 0;
  int64_t position = 0;
  uint64_t seed = 0;
  int64_t samples = 0;
  int64_t batch_size = 0;
  uint32_t order = 0;

  friend bool operator==(const LoaderState&, const LoaderState&) = default;
};

/// The part of Loader that does not depend on the type of its batches: order, threads, queue.
class LoaderCore {
 public:
  using Make = std::function<std::shared_ptr<void>(const BatchIndices&)>;
  struct Item {
    BatchIndices indices;
    std::shared_ptr<const BatchPlan> plan;  ///< owns indices.samples
    std::shared_ptr<void> batch;
    std::exception_ptr error;
  };

  LoaderCore(int64_t samples, std::vector<int64_t> lengths, const LoaderOptions& options, Make make);
  ~LoaderCore();
  LoaderCore(const LoaderCore&) = delete;
  LoaderCore& operator=(const LoaderCore&) = delete;

  std::optional<Item> next();
  int64_t batches_per_epoch() const { return batches_per_epoch_; }
  LoaderState state() const;
  void restore(const LoaderState& state);

 private:
  std::shared_ptr<const BatchPlan> plan_of(int64_t epoch) const;
  Item make_item(int64_t sequence) const;
  void start();
  void stop();
  void work();
  bool is_over(int64_t sequence) const {
    return options_.epochs > 0 && sequence >= options_.epochs * batches_per_epoch_;
  }

  const int64_t samples_;
  const std::vector<int64_t> lengths_;
  const LoaderOptions options_;
  const Make make_;
  int64_t batches_per_epoch_ = 0;

  mutable std::mutex plan_mutex_;
  mutable std::map<int64_t, std::shared_ptr<const BatchPlan>> plans_;  ///< by epoch: the one in use and its neighbour

  std::mutex mutex_;  ///< guards what follows
  std::condition_variable room_, ready_;
  std::map<int64_t, Item> made_;  ///< by sequence number
  int64_t taken_ = 0;             ///< next sequence number a worker begins
  bool stopping_ = false;

  int64_t delivered_ = 0;  ///< next sequence number next() gives; only the caller's thread writes it, under mutex_
  std::vector<std::thread> threads_;
};

/// A batch, and which samples it was made of.
template <class Batch>
struct Loaded {
  Batch batch;
  std::vector<int64_t> samples;  ///< of this rank, as indices into the data set
  BatchIndices indices;          ///< its `samples` are the list above
};

/// Calls make(indices) for one batch after the other, in worker threads and ahead of time, and hands the results out in
/// order. The order depends on seed and epoch alone: not on the number of workers, on timing, or on the number of
/// ranks, whose parts of a batch, put together in the order of ranks, are the batch of a single rank. make() must be
/// callable from several threads at once, must take its random numbers from keys (RandomKey with BatchIndices::sequence
/// and ::first), and runs on its own thread alone (parallel_for does not
/// fork in a worker). An exception it throws comes out of the next()
/// whose batch it is, and of every later one. One thread at a time may use a loader.
template <class Batch>
class Loader {
 public:
  using Make = std::function<Batch(const BatchIndices&)>;

  /// `lengths`: one a sample, for batches of similar lengths; or empty. ValueError for options that cannot be.
  Loader(int64_t samples, std::vector<int64_t> lengths, const LoaderOptions& options, Make make)
      : core_(samples, std::move(lengths), options, [make = std::move(make)](const BatchIndices& indices) {
          return std::static_pointer_cast<void>(std::make_shared<Batch>(make(indices)));
        }) {}

  /// The next batch; nothing after the last epoch.
  std::optional<Loaded<Batch>> next() {
    std::optional<LoaderCore::Item> item = core_.next();
    if (!item) return std::nullopt;
    Loaded<Batch> loaded{std::move(*std::static_pointer_cast<Batch>(item->batch)),
                         {item->indices.samples.begin(), item->indices.samples.end()},
                         item->indices};
    loaded.indices.samples = loaded.samples;
    return loaded;
  }

  int64_t batches_per_epoch() const { return core_.batches_per_epoch(); }
  LoaderState state() const { return core_.state(); }
  /// Goes to where state() was taken. Ranks and workers may be other ones. ValueError if seed, number of samples, batch
  /// size or order differ, and nothing changes.
  void restore(const LoaderState& state) { core_.restore(state); }

 private:
  LoaderCore core_;
};

}  // namespace triad::data
