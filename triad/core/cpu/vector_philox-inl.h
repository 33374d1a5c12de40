// Philox for many consecutive blocks at once; the words are those of RandomKey::block.
#include <cstdint>

#include <hwy/highway.h>

#include "triad/core/base/philox.h"
#include "triad/core/cpu/vector_row-inl.h"

#if defined(TRIAD_CORE_CPU_VECTOR_PHILOX_INL_H) == defined(HWY_TARGET_TOGGLE)
#ifdef TRIAD_CORE_CPU_VECTOR_PHILOX_INL_H
#undef TRIAD_CORE_CPU_VECTOR_PHILOX_INL_H
#else
#define TRIAD_CORE_CPU_VECTOR_PHILOX_INL_H
#endif

HWY_BEFORE_NAMESPACE();
namespace triad::cpu::HWY_NAMESPACE {

/// Words random_words() draws in one go: those of this many quarter as many blocks.
inline constexpr int64_t kRandomWords = 64;

/// words[0..63] = the words of blocks first_block .. first_block + 15 of sample key.sample + sample_offset, in order.
HWY_INLINE void random_words(const RandomKey& key, uint32_t first_block, uint32_t sample_offset, uint32_t* words) {
#if HWY_TARGET == HWY_SCALAR
  for (uint32_t i = 0; i < kRandomWords / 4; ++i) {
    const PhiloxBlock block = key.block(first_block + i, sample_offset);
    for (uint32_t w = 0; w < 4; ++w) words[4 * i + w] = block[w];
  }
#else
  const hn::CappedTag<uint32_t, kMostLanes> d;
  const hn::Repartition<uint64_t, decltype(d)> d64;
  const auto lanes = static_cast<uint32_t>(hn::Lanes(d));
  for (uint32_t i = 0; i < kRandomWords / 4; i += lanes) {
    auto c0 = hn::Iota(d, first_block + i);
    auto c1 = hn::Set(d, key.sample + sample_offset), c2 = hn::Set(d, key.step), c3 = hn::Set(d, key.site);
    auto key0 = static_cast<uint32_t>(key.seed), key1 = static_cast<uint32_t>(key.seed >> 32);
    // The upper and lower halves of the 64-bit products, from those of the even and of the odd lanes.
    const auto multiply = [&](auto factors, uint32_t constant, auto& high, auto& low) {
      const auto c = hn::Set(d, constant);
      const auto even = hn::MulEven(factors, c);
      const auto odd = hn::MulEven(hn::BitCast(d, hn::ShiftRight<32>(hn::BitCast(d64, factors))), c);
      high = hn::OddEven(hn::BitCast(d, odd), hn::BitCast(d, hn::ShiftRight<32>(even)));
      low = hn::OddEven(hn::BitCast(d, hn::ShiftLeft<32>(odd)), hn::BitCast(d, even));
    };
    for (int round = 0; round < 10; ++round) {
      auto high0 = c0, low0 = c0, high1 = c0, low1 = c0;
      multiply(c0, 0xD2511F53, high0, low0);
      multiply(c2, 0xCD9E8D57, high1, low1);
      c0 = hn::Xor(hn::Xor(high1, c1), hn::Set(d, key0));
      c2 = hn::Xor(hn::Xor(high0, c3), hn::Set(d, key1));
      c1 = low1;
      c3 = low0;
      key0 += 0x9E3779B9;
      key1 += 0xBB67AE85;
    }
    hn::StoreInterleaved4(c0, c1, c2, c3, d, words + 4 * i);
  }
#endif
}

}  // namespace triad::cpu::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif
