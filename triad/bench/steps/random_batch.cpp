#include "triad/bench/steps/random_batch.h"

#include <vector>

#include "triad/nn/layers/mask.h"

namespace triad::bench {

Tensor random_ids(const Shape& shape, int64_t first, int64_t end, RandomKey key) {
  RandomStream stream(key);
  std::vector<int64_t> ids(static_cast<size_t>(shape.numel()));
  for (int64_t& id : ids) id = first + static_cast<int64_t>(stream.below(static_cast<uint64_t>(end - first)));
  return from_values(ids, shape);
}

TextBatch random_texts(int64_t batch, int64_t positions, int64_t vocabulary, RandomKey key) {
  constexpr int64_t kFirstWord = 5;  // the ids before it stand for special tokens
  Tensor lengths = random_ids({batch}, positions / 2, positions + 1, key.at("lengths"));
  lengths.mutable_data<int64_t>()[0] = positions;
  return {random_ids({batch, positions}, kFirstWord, vocabulary, key.at("ids")), nn::length_mask(lengths, positions)};
}

Tensor random_positions(const Tensor& seen_BT, RandomKey key) {
  constexpr double kShare = 0.15;
  RandomStream stream(key);
  std::vector<int64_t> chosen;
  const bool* seen = seen_BT.data<bool>();
  for (int64_t i = 0; i < seen_BT.numel(); ++i) {
    if (stream.uniform() < kShare && seen[i]) chosen.push_back(i);
  }
  return from_values(chosen, {static_cast<int64_t>(chosen.size())});
}

}  // namespace triad::bench
