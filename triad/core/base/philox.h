// Counter-based random numbers: a pure function of (seed, step, site, sample, index), so that a draw is the same under
// recomputation, gradient accumulation, resume and any number of ranks. Philox4x32-10 of Salmon, Moraes, Dror & Shaw,
// "Parallel random numbers: as easy as 1, 2, 3", SC 2011.
#pragma once

#include <array>
#include <cmath>
#include <cstdint>
#include <numbers>
#include <string_view>
#include <utility>

namespace triad {

using PhiloxBlock = std::array<uint32_t, 4>;

/// Ten rounds of Philox4x32: a bijection of the 128-bit counter for each 64-bit key.
constexpr PhiloxBlock philox4x32(PhiloxBlock counter, uint64_t key) {
  constexpr uint64_t kMultiplier0 = 0xD2511F53, kMultiplier1 = 0xCD9E8D57;
  constexpr uint32_t kWeyl0 = 0x9E3779B9, kWeyl1 = 0xBB67AE85;
  auto key0 = static_cast<uint32_t>(key), key1 = static_cast<uint32_t>(key >> 32);
  for (int round = 0; round < 10; ++round) {
    const uint64_t product0 = kMultiplier0 * counter[0], product1 = kMultiplier1 * counter[2];
    counter = {static_cast<uint32_t>(product1 >> 32) ^ counter[1] ^ key0, static_cast<uint32_t>(product1),
               static_cast<uint32_t>(product0 >> 32) ^ counter[3] ^ key1, static_cast<uint32_t>(product0)};
    key0 += kWeyl0;
    key1 += kWeyl1;
  }
  return counter;
}

/// A site number from a name (FNV-1a), such as the path of a module in its model.
constexpr uint32_t random_site(std::string_view name) {
  uint32_t hash = 2166136261u;
  for (const char c : name) hash = (hash ^ static_cast<uint8_t>(c)) * 16777619u;
  return hash;
}

/// Names a stream of random numbers. `site` tells apart the places that draw in one step (see random_site),
/// `sample` is the index of the first sample in the global batch of that step.
struct RandomKey {
  uint64_t seed = 0;
  uint32_t step = 0;
  uint32_t site = 0;
  uint32_t sample = 0;

  /// The key of a place below this one: a layer, a task. Sites combine, so equal names at different depths differ.
  constexpr RandomKey at(uint32_t inner_site) const {
    RandomKey k = *this;
    k.site = philox4x32({site, inner_site, 0x73697465, 0}, 0)[0];
    return k;
  }
  constexpr RandomKey at(std::string_view inner_site) const { return at(random_site(inner_site)); }
  constexpr RandomKey for_sample(uint32_t index) const {
    RandomKey k = *this;
    k.sample = index;
    return k;
  }
  /// Words 4*block .. 4*block+3 of the stream of sample `sample + offset`.
  constexpr PhiloxBlock block(uint32_t block_index, uint32_t sample_offset = 0) const {
    return philox4x32({block_index, sample + sample_offset, step, site}, seed);
  }
};

/// Uniform in [0, 1) with 24 bits, exact in f32.
constexpr float uniform_from_bits(uint32_t bits) { return static_cast<float>(bits >> 8) * 0x1p-24f; }

/// Sequential draws from one RandomKey, for code on the host (shuffles, masks, initialisers).
class RandomStream {
 public:
  explicit constexpr RandomStream(RandomKey key) : key_(key) {}

  constexpr uint32_t bits() {
    if (used_ == 4) {
      block_ = key_.block(next_block_++);
      used_ = 0;
    }
    return block_[used_++];
  }
  /// [0, 1) with 53 bits.
  constexpr double uniform() {
    const uint64_t high = bits() >> 5, low = bits() >> 6;
    return static_cast<double>((high << 26) | low) * 0x1p-53;
  }
  /// Uniform integer in [0, n), without modulo bias (rejection). n must be positive.
  constexpr uint64_t below(uint64_t n) {
    const uint64_t limit = n * (~uint64_t{0} / n);
    for (;;) {
      const uint64_t high = bits(), low = bits(), draw = (high << 32) | low;
      if (draw < limit) return draw % n;
    }
  }
  /// Standard normal, by Box and Muller. Two uniforms a draw; nothing is kept, so the position stays a plain count.
  double normal() {
    const double radius = std::sqrt(-2.0 * std::log(1.0 - uniform()));
    return radius * std::cos(2.0 * std::numbers::pi * uniform());
  }
  /// Fisher–Yates, in place.
  template <class Range>
  constexpr void shuffle(Range& range) {
    for (uint64_t i = range.size(); i > 1; --i) std::swap(range[i - 1], range[below(i)]);
  }

 private:
  RandomKey key_;
  PhiloxBlock block_{};
  uint32_t next_block_ = 0;
  uint32_t used_ = 4;
};

}  // namespace triad
