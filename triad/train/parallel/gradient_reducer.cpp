#include "triad/train/parallel/gradient_reducer.h"

#include <algorithm>
#include <numeric>
#include <utility>

#include <sys/mman.h>
#include <unistd.h>

#include "triad/autograd/autograd.h"

namespace triad::train {
namespace {

using comm::Range;

/// Runs of whole parameters, which end where a parameter's memory does: the padding behind it is part of the bucket.
std::vector<Range> cut_into_buckets(const optim::Arena& arena, int64_t bytes) {
  std::vector<Range> buckets;
  int64_t first = 0;
  const auto& slices = arena.slices();
  for (size_t i = 0; i < slices.size(); ++i) {
    const int64_t end = i + 1 < slices.size() ? slices[i + 1].offset : arena.numel();
    if (end - first < bytes / static_cast<int64_t>(sizeof(float)) && i + 1 < slices.size()) continue;
    buckets.push_back({first, end - first});
    first = end;
  }
  return buckets;
}

Tensor view_of(const Tensor& flat, const Range& range) {
  return Tensor(flat.storage(), flat.dtype(), {range.count}, {1}, flat.offset() + range.first);
}

/// The values become 0, and whole pages go back to the system until they are written again.
void release_memory(float* values, int64_t count) {
  const auto page = static_cast<uintptr_t>(::sysconf(_SC_PAGESIZE));
  const auto first = reinterpret_cast<uintptr_t>(values), end = first + static_cast<uintptr_t>(count) * sizeof(float);
  const uintptr_t whole_first = (first + page - 1) / page * page, whole_end = end / page * page;
  const bool released = whole_first < whole_end &&
                        ::madvise(reinterpret_cast<void*>(whole_first), whole_end - whole_first, MADV_DONTNEED) == 0;
  std::fill(values, released ? reinterpret_cast<float*>(whole_first) : values + count, 0.0f);
  if (released) std::fill(reinterpret_cast<float*>(whole_end), values + count, 0.0f);
}

std::vector<int64_t> counts_of(const Range& bucket, int ranks) {
  std::vector<int64_t> counts;
  for (const Range& part : comm::even_parts(bucket.count, ranks)) counts.push_back(part.count);
  return counts;
}

}  // namespace

class GradientReducer::State {
 public:
  State(optim::Arena& arena, comm::Communicator& comm, const ReducerOptions& options)
      : arena_(arena),
        comm_(comm),
        options_(options),
        buckets_(cut_into_buckets(arena, options.bucket_bytes)),
        parameters_(buckets_.size()),
        missing_(buckets_.size()) {
    for (const optim::Arena::Slice& slice : arena.slices()) ++parameters_[bucket_at(slice.offset)];
    order_.resize(buckets_.size());
    std::iota(order_.begin(), order_.end(), size_t{0});
  }

  size_t bucket_at(int64_t offset) const {
    const auto after = std::ranges::upper_bound(buckets_, offset, {}, &Range::first);
    return static_cast<size_t>(after - buckets_.begin()) - 1;
  }

  void clear() {
    if (!options_.release) return arena_.zero_gradients();
    float* gradients = arena_.gradients().mutable_data<float>();
    for (const Range& own : owned_by(comm_.rank())) std::fill_n(gradients + own.first, own.count, 0.0f);
  }

  void before_pass(bool last) {
    if (!last && !options_.release) return;
    missing_ = parameters_;
    completed_.clear();
    armed_ = true;
    pending_ = true;
  }

  void after_pass() {
    if (options_.release) finish();
  }

  /// The gradient of a parameter in this bucket is final.
  void arrive(size_t bucket) {
    if (!armed_ || --missing_[bucket] > 0) return;
    completed_.push_back(bucket);
    if (!agreed_) return;
    while (started_ < order_.size() && missing_[order_[started_]] == 0) start_next();
    while (finished_ < works_.size() && works_[finished_].done()) finish_next();
  }

  void finish() {
    if (!std::exchange(pending_, false)) return;
    armed_ = false;
    overlapped_ = static_cast<int64_t>(started_);
    while (started_ < order_.size()) start_next();
    while (finished_ < works_.size()) finish_next();
    works_.clear();
    started_ = finished_ = 0;
    if (!agreed_) agree();
  }

  std::vector<Range> owned_by(int rank) const {
    if (!options_.scatter) return {{0, arena_.numel()}};
    std::vector<Range> owned;
    for (const Range& bucket : buckets_) {
      const Range part = comm::even_parts(bucket.count, comm_.size())[static_cast<size_t>(rank)];
      if (part.count > 0) owned.push_back({bucket.first + part.first, part.count});
    }
    return owned;
  }

  void gather(const Tensor& flat) {
    if (!options_.scatter) return;
    std::vector<comm::Work> works;
    for (size_t b = 0; b < buckets_.size(); ++b)
      works.push_back(comm_.all_gather(view_of(flat, buckets_[b]), counts_of(buckets_[b], comm_.size()),
                                       {.name = str("parameters ", b)}));
    for (comm::Work& work : works) work.wait();
  }

  const std::vector<Range>& buckets() const { return buckets_; }
  int64_t overlapped() const { return overlapped_; }

 private:
  void start_next() {
    const size_t b = order_[started_++];
    const Tensor gradients = view_of(arena_.gradients(), buckets_[b]);
    comm::CallOptions call{.name = str("gradients ", b), .bf16_on_the_wire = options_.bf16_on_the_wire};
    if (options_.scatter)
      works_.push_back(
          comm_.reduce_scatter(gradients, counts_of(buckets_[b], comm_.size()), comm::Reduction::sum, std::move(call)));
    else works_.push_back(comm_.all_reduce(gradients, comm::Reduction::sum, std::move(call)));
  }

  void finish_next() {
    works_[finished_].wait();
    const Range& bucket = buckets_[order_[finished_++]];
    if (!options_.release) return;
    float* gradients = arena_.gradients().mutable_data<float>() + bucket.first;
    const std::vector<Range> parts = comm::even_parts(bucket.count, comm_.size());
    for (int rank = 0; rank < comm_.size(); ++rank) {
      const Range& part = parts[static_cast<size_t>(rank)];
      if (rank != comm_.rank()) release_memory(gradients + part.first, part.count);
    }
  }

  /// Buckets in the order in which rank 0 saw them complete, then those that did not.
  void agree() {
    std::vector<int64_t> order(completed_.begin(), completed_.end());
    for (size_t b = 0; b < buckets_.size(); ++b) {
      if (std::ranges::find(completed_, b) == completed_.end()) order.push_back(static_cast<int64_t>(b));
    }
    const Tensor agreed = from_values(order, {std::ssize(order)});
    comm_.broadcast(agreed, 0, {.name = "order of buckets"}).wait();
    std::ranges::transform(agreed.to_vector<int64_t>(), order_.begin(),
                           [](int64_t b) { return static_cast<size_t>(b); });
    agreed_ = true;
  }

  optim::Arena& arena_;
  comm::Communicator& comm_;
  ReducerOptions options_;
  std::vector<Range> buckets_;
  std::vector<int64_t> parameters_;  ///< in each bucket
  std::vector<int64_t> missing_;     ///< of these, in this step
  std::vector<size_t> completed_;    ///< in this step, in order
  std::vector<size_t> order_;
  size_t started_ = 0, finished_ = 0;  ///< how many of order_, in this pass
  bool armed_ = false, pending_ = false, agreed_ = false;
  std::vector<comm::Work> works_;
  int64_t overlapped_ = 0;
};

GradientReducer::GradientReducer(optim::Arena& arena, comm::Communicator& comm, const ReducerOptions& options)
    : state_(std::make_shared<State>(arena, comm, options)) {
  for (const optim::Arena::Slice& slice : arena.slices()) {
    const std::weak_ptr<State> weak = state_;
    on_gradient_ready(slice.parameter->value(), [weak, bucket = state_->bucket_at(slice.offset)](const Tensor&) {
      if (const auto state = weak.lock()) state->arrive(bucket);
    });
  }
}

GradientReducer::~GradientReducer() = default;

void GradientReducer::clear() { state_->clear(); }
void GradientReducer::before_pass(bool last) { state_->before_pass(last); }
void GradientReducer::after_pass() { state_->after_pass(); }
void GradientReducer::finish() { state_->finish(); }
const std::vector<Range>& GradientReducer::buckets() const { return state_->buckets(); }
std::vector<Range> GradientReducer::owned_by(int rank) const { return state_->owned_by(rank); }
void GradientReducer::gather(const Tensor& flat) { state_->gather(flat); }
int64_t GradientReducer::overlapped() const { return state_->overlapped(); }

}  // namespace triad::train
