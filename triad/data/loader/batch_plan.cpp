#include "triad/data/loader/batch_plan.h"

#include <algorithm>
#include <limits>
#include <numeric>

#include "triad/core/base/error.h"
#include "triad/core/base/philox.h"
#include "triad/data/formats/durable_file.h"

namespace triad::data {

int64_t BatchPlan::batches_in(int64_t samples, const PlanOptions& options) {
  return samples / options.batch_size + (!options.drop_last && samples % options.batch_size != 0 ? 1 : 0);
}

BatchPlan::BatchPlan(int64_t samples, std::span<const int64_t> lengths, const PlanOptions& options, int64_t epoch) {
  require<ValueError>(options.batch_size > 0 && options.pool_batches > 0, "loader", "batch_size ", options.batch_size,
                      " and pool_batches ", options.pool_batches, " must be positive");
  require<ValueError>(epoch >= 0 && epoch <= std::numeric_limits<uint32_t>::max(), "loader", "there is no epoch ",
                      epoch);
  require<ValueError>(lengths.empty() || static_cast<int64_t>(lengths.size()) == samples, "loader", lengths.size(),
                      " lengths for ", samples, " samples");
  require<ValueError>(samples > 0, "loader", "the data set is empty");
  require<ValueError>(batches_in(samples, options) > 0, "loader", samples, " samples do not fill one batch of ",
                      options.batch_size,
                      Hint{"make batches smaller, or keep the last, incomplete one (drop_last: false)"});

  order_.resize(static_cast<size_t>(samples));
  std::iota(order_.begin(), order_.end(), int64_t{0});
  const RandomKey key{.seed = options.seed, .step = static_cast<uint32_t>(epoch), .site = random_site("loader/order")};
  if (options.shuffle) RandomStream(key).shuffle(order_);
  const int64_t full = samples / options.batch_size * options.batch_size;
  if (options.drop_last) order_.resize(static_cast<size_t>(full));
  for (int64_t start = 0; start < static_cast<int64_t>(order_.size()); start += options.batch_size)
    starts_.push_back(start);
  starts_.push_back(static_cast<int64_t>(order_.size()));
  if (!options.shuffle || lengths.empty()) return;

  const int64_t pool = options.pool_batches * options.batch_size;
  for (int64_t begin = 0; begin < full; begin += pool) {
    // Stable: samples of one length keep their random order.
    std::stable_sort(order_.begin() + begin, order_.begin() + std::min(begin + pool, full), [&](int64_t a, int64_t b) {
      return lengths[static_cast<size_t>(a)] < lengths[static_cast<size_t>(b)];
    });
  }
  std::vector<int64_t> batches(static_cast<size_t>(full / options.batch_size));
  std::iota(batches.begin(), batches.end(), int64_t{0});
  RandomStream again(key.at(random_site("batches")));
  again.shuffle(batches);
  std::vector<int64_t> sorted(order_.begin(), order_.begin() + full);
  auto target = order_.begin();
  for (const int64_t batch : batches) {
    std::span<int64_t> members(sorted.data() + batch * options.batch_size, static_cast<size_t>(options.batch_size));
    again.shuffle(members);
    target = std::copy(members.begin(), members.end(), target);
  }
}

std::span<const int64_t> BatchPlan::batch(int64_t index) const {
  const auto i = static_cast<size_t>(index);
  return std::span(order_).subspan(static_cast<size_t>(starts_[i]), static_cast<size_t>(starts_[i + 1] - starts_[i]));
}

uint32_t BatchPlan::checksum() const {
  return crc32_of({reinterpret_cast<const char*>(order_.data()), order_.size() * sizeof(int64_t)});
}

}  // namespace triad::data
