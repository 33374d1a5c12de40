#pragma once

#include <cstdint>
#include <string_view>

namespace triad {

/// FNV-1a: to tell values apart, not to keep secrets.                       [Fowler, Noll, Vo; draft-eastlake-fnv]
class Fnv1a {
 public:
  /// One step for each character, then its length, so that neighbouring texts do not run together.
  constexpr Fnv1a& add(std::string_view text) {
    for (const char c : text) mix(static_cast<unsigned char>(c));
    return add(static_cast<int64_t>(text.size()));
  }
  /// One step for each byte.
  constexpr Fnv1a& add(int64_t number) {
    for (int i = 0; i < 8; ++i) mix(static_cast<uint64_t>(number) >> (8 * i) & 0xff);
    return *this;
  }
  /// One step: any change of a single bit of `word` changes the value.
  constexpr void mix(uint64_t word) { value_ = (value_ ^ word) * 0x100000001b3u; }

  constexpr uint64_t value() const { return value_; }

 private:
  uint64_t value_ = 0xcbf29ce484222325u;
};

}  // namespace triad
