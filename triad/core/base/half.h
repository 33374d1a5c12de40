// 16-bit floating point storage types. Arithmetic is done in f32: each converts to float implicitly and from float by
// rounding to nearest, ties to even. NaN stays NaN.
#pragma once

#include <bit>
#include <cstdint>

namespace triad {

/// The upper half of an IEEE f32: 8 exponent bits, 7 fraction bits.
struct BFloat16 {
  uint16_t bits = 0;

  constexpr BFloat16() = default;
  constexpr BFloat16(float value) : bits(round(std::bit_cast<uint32_t>(value))) {}
  constexpr operator float() const { return std::bit_cast<float>(static_cast<uint32_t>(bits) << 16); }

 private:
  static constexpr uint16_t round(uint32_t f32) {
    const bool is_nan = (f32 & 0x7fffffffu) > 0x7f800000u;
    if (is_nan) return static_cast<uint16_t>((f32 >> 16) | 0x0040u);  // quiet it: truncation could leave an infinity
    const uint32_t ties_to_even = 0x7fffu + ((f32 >> 16) & 1u);
    return static_cast<uint16_t>((f32 + ties_to_even) >> 16);
  }
};

/// IEEE binary16: 5 exponent bits, 10 fraction bits, subnormals.
struct Float16 {
  uint16_t bits = 0;

  constexpr Float16() = default;
  constexpr Float16(float value) : bits(round(std::bit_cast<uint32_t>(value))) {}
  constexpr operator float() const {
    const uint32_t sign = static_cast<uint32_t>(bits & 0x8000u) << 16;
    const uint32_t exponent = (bits >> 10) & 0x1fu;
    const uint32_t fraction = bits & 0x3ffu;
    if (exponent == 0x1f) return std::bit_cast<float>(sign | 0x7f800000u | (fraction << 13));
    if (exponent == 0) {  // subnormal: fraction * 2^-24 is exact in f32
      const float magnitude = static_cast<float>(fraction) * 0x1p-24f;
      return sign ? -magnitude : magnitude;
    }
    return std::bit_cast<float>(sign | ((exponent + 112u) << 23) | (fraction << 13));
  }

 private:
  static constexpr uint16_t round(uint32_t f32) {
    const auto sign = static_cast<uint16_t>((f32 >> 16) & 0x8000u);
    const uint32_t magnitude = f32 & 0x7fffffffu;
    if (magnitude > 0x7f800000u) return sign | 0x7e00u | static_cast<uint16_t>((magnitude >> 13) & 0x3ffu);
    if (magnitude >= 0x477ff000u) return sign | 0x7c00u;  // at or above 65520 rounds to infinity
    if (magnitude < 0x33000000u) return sign;             // below 2^-25 rounds to zero
    const uint32_t exponent = magnitude >> 23;
    if (exponent < 113) {  // subnormal half: shift the full significand into place, then round
      const uint32_t significand = (magnitude & 0x7fffffu) | 0x800000u;
      const uint32_t shift = 126u - exponent;
      const uint32_t kept = significand >> shift;
      const uint32_t rest = significand & ((1u << shift) - 1u);
      const uint32_t tie = 1u << (shift - 1u);
      return sign | static_cast<uint16_t>(kept + (rest > tie || (rest == tie && (kept & 1u)) ? 1u : 0u));
    }
    const uint32_t rebased = magnitude - (112u << 23);
    return sign | static_cast<uint16_t>((rebased + 0xfffu + ((rebased >> 13) & 1u)) >> 13);
  }
};

static_assert(sizeof(BFloat16) == 2 && sizeof(Float16) == 2);
static_assert(static_cast<float>(Float16(65504.0f)) == 65504.0f && static_cast<float>(Float16(0x1p-24f)) == 0x1p-24f);
static_assert(static_cast<float>(BFloat16(1.00390625f)) == 1.0f, "a tie rounds to the even neighbour");

}  // namespace triad
