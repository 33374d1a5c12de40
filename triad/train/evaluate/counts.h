// What the guesses of a baseline are made from.
#pragma once

#include <cstdint>
#include <map>

namespace triad::train {

/// How often each value was seen.
struct Counts {
  std::map<int64_t, int64_t> of;

  void see(int64_t value) { ++of[value]; }
  /// The most frequent value, the smallest among equals; -1 before any was seen.
  int64_t most_frequent() const {
    int64_t best = -1, most = 0;
    for (const auto& [value, count] : of) {
      if (count > most) best = value, most = count;
    }
    return best;
  }
};

inline double share(int64_t part, int64_t whole) { return static_cast<double>(part) / static_cast<double>(whole); }

}  // namespace triad::train
