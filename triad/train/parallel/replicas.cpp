#include "triad/train/parallel/replicas.h"

#include <algorithm>
#include <bit>
#include <map>

#include "triad/core/base/hash.h"

namespace triad::train {
namespace {

uint64_t hash_of(const float* values, int64_t count) {
  Fnv1a hash;
  for (int64_t i = 0; i < count; ++i) hash.mix(std::bit_cast<uint32_t>(values[i]));
  return hash.value();
}

}  // namespace

void check_replicas(const optim::Arena& arena, comm::Communicator& comm) {
  const auto& slices = arena.slices();
  const auto ranks = static_cast<size_t>(comm.size());
  const std::vector<int64_t> counts(ranks, std::ssize(slices));
  Tensor hashes = zeros({comm.size() * std::ssize(slices)}, DType::i64);
  int64_t* own = hashes.mutable_data<int64_t>() + comm.rank() * std::ssize(slices);
  const float* values = arena.values().data<float>();
  for (const optim::Arena::Slice& slice : slices)
    *own++ = std::bit_cast<int64_t>(hash_of(values + slice.offset, slice.numel));
  comm.all_gather(hashes, counts, {.name = "hashes of parameters"}).wait();

  const int64_t* all = hashes.data<int64_t>();
  for (size_t s = 0; s < slices.size(); ++s) {
    std::map<int64_t, std::vector<size_t>> groups;
    for (size_t r = 0; r < ranks; ++r) groups[all[r * slices.size() + s]].push_back(r);
    if (groups.size() == 1) continue;
    const auto most = std::ranges::max_element(groups, {}, [](const auto& group) { return group.second.size(); });
    std::string others;
    for (const auto& [hash, members] : groups) {
      if (hash == most->first) continue;
      for (const size_t r : members) others += str(others.empty() ? "" : ", ", r);
    }
    fail<ReplicaError>(
        "replicas", slices[s].name, " differs on rank ", others, " from what ", most->second.size(), " of ", ranks,
        " ranks hold",
        Hint{"a fault of hardware or of a library: resume from the newest checkpoint, without that host"});
  }
}

}  // namespace triad::train
