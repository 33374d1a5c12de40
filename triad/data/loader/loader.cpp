#include "triad/data/loader/loader.h"

#include <system_error>

#include "triad/core/base/error.h"
#include "triad/core/cpu/parallel.h"

namespace triad::data {

LoaderCore::LoaderCore(int64_t samples, std::vector<int64_t> lengths, const LoaderOptions& options, Make make)
    : samples_(samples), lengths_(std::move(lengths)), options_(options), make_(std::move(make)) {
  require<ValueError>(options.world > 0 && options.rank >= 0 && options.rank < options.world, "loader", "rank ",
                      options.rank, " of ", options.world);
  require<ValueError>(options.plan.batch_size >= options.world, "loader", "a batch of ", options.plan.batch_size,
                      " samples leaves some of ", options.world, " ranks without any");
  require<ValueError>(options.workers >= 0 && options.prefetch > 0 && options.epochs >= 0, "loader", options.workers,
                      " workers, ", options.prefetch, " batches ahead, ", options.epochs, " epochs");
  batches_per_epoch_ = plan_of(0)->size();
  start();
}

LoaderCore::~LoaderCore() { stop(); }

std::shared_ptr<const BatchPlan> LoaderCore::plan_of(int64_t epoch) const {
  const std::lock_guard lock(plan_mutex_);
  auto& plan = plans_[epoch];
  if (!plan) plan = std::make_shared<BatchPlan>(samples_, lengths_, options_.plan, epoch);
  auto result = plan;
  // Workers are at most one epoch apart unless epochs are shorter than the queue, which only costs making plans again.
  while (plans_.size() > 2) plans_.erase(plans_.begin()->first == epoch ? std::prev(plans_.end()) : plans_.begin());
  return result;
}

LoaderCore::Item LoaderCore::make_item(int64_t sequence) const {
  Item item;
  try {
    const int64_t epoch = sequence / batches_per_epoch_, position = sequence % batches_per_epoch_;
    item.plan = plan_of(epoch);
    const std::span<const int64_t> all = item.plan->batch(position);
    const auto size = static_cast<int64_t>(all.size());
    const int64_t begin = size * options_.rank / options_.world, end = size * (options_.rank + 1) / options_.world;
    item.indices = {.samples = all.subspan(static_cast<size_t>(begin), static_cast<size_t>(end - begin)),
                    .first = begin,
                    .global_size = size,
                    .epoch = epoch,
                    .position = position,
                    .sequence = sequence};
    item.batch = make_(item.indices);
  } catch (...) {
    item.error = std::current_exception();
  }
  return item;
}

void LoaderCore::start() {
  stopping_ = false;
  taken_ = delivered_;
  try {
    for (int i = 0; i < options_.workers; ++i) threads_.emplace_back([this] { work(); });
  } catch (const std::system_error& e) {
    stop();  // those that run must end before this object does
    fail<ValueError>("loader", "cannot start ", options_.workers, " threads: ", e.code().message(), Hint{"take fewer"});
  } catch (...) {
    stop();
    throw;
  }
}

void LoaderCore::stop() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  room_.notify_all();
  for (std::thread& thread : threads_) thread.join();
  threads_.clear();
  made_.clear();
}

void LoaderCore::work() {
  const cpu::OneThread alone;  // the team of the training step is busy; a second one would take its processors
  std::unique_lock lock(mutex_);
  for (;;) {
    room_.wait(lock, [&] { return stopping_ || (taken_ < delivered_ + options_.prefetch && !is_over(taken_)); });
    if (stopping_) return;
    const int64_t sequence = taken_++;
    lock.unlock();
    Item item = make_item(sequence);
    lock.lock();
    made_.emplace(sequence, std::move(item));
    ready_.notify_one();
  }
}

std::optional<LoaderCore::Item> LoaderCore::next() {
  if (is_over(delivered_)) return std::nullopt;
  if (options_.workers == 0) {
    Item item = make_item(delivered_);
    if (item.error) std::rethrow_exception(item.error);
    ++delivered_;
    return item;
  }
  std::unique_lock lock(mutex_);
  ready_.wait(lock, [&] { return made_.contains(delivered_); });
  if (const auto error = made_.at(delivered_).error) {
    lock.unlock();
    std::rethrow_exception(error);
  }
  auto node = made_.extract(delivered_++);
  lock.unlock();
  room_.notify_all();
  return std::move(node.mapped());
}

LoaderState LoaderCore::state() const {
  const int64_t epoch = delivered_ / batches_per_epoch_;
  return {epoch,    delivered_ % batches_per_epoch_, options_.plan.seed,
          samples_, options_.plan.batch_size,        plan_of(epoch)->checksum()};
}

void LoaderCore::restore(const LoaderState& state) {
  const auto same = [](const char* what, auto saved, auto mine) {
    require<ValueError>(saved == mine, "loader", "the saved state has ", what, " ", saved, ", this loader has ", mine,
                        Hint{"go on with the data set and options the state was saved with"});
  };
  same("seed", state.seed, options_.plan.seed);
  same("a number of samples of", state.samples, samples_);
  same("batch_size", state.batch_size, options_.plan.batch_size);
  require<ValueError>(state.position >= 0 && state.position < batches_per_epoch_, "loader", "the saved position ",
                      state.position, " is not in an epoch of ", batches_per_epoch_, " batches");
  same("an order with checksum", state.order, plan_of(state.epoch)->checksum());
  stop();
  delivered_ = state.epoch * batches_per_epoch_ + state.position;
  start();
}

}  // namespace triad::data
