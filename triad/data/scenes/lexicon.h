// The words of the grammar: for every value of an attribute its plain name first, then words of the same meaning.
#pragma once

#include <array>
#include <initializer_list>
#include <span>
#include <string_view>

#include "triad/data/scenes/scene.h"

namespace triad::data::lexicon {

using Words = std::array<std::string_view, 3>;  ///< unused entries are empty

inline constexpr std::array<Words, kObjectShapes> kShapes = {
    {{"circle", "disc"}, {"square", "box"}, {"triangle"}, {"star"}, {"cross", "plus"}, {"ring", "hoop"}}};
inline constexpr std::array<Words, kObjectSizes> kSizes = {{{"small", "tiny", "little"}, {"big", "large", "huge"}}};
inline constexpr std::array<Words, kGridSide> kRows = {{{"top", "upper"}, {}, {"bottom", "lower"}}};
inline constexpr std::array<Words, kGridSide> kColumns = {{{"left"}, {}, {"right"}}};
inline constexpr Words kMiddle = {"middle", "centre"};

inline constexpr std::array<std::string_view, 5> kOpenings = {"", "there is", "i see", "here is", "we have"};

/// How many words of `words` are used.
constexpr size_t count(const Words& words) {
  size_t n = 0;
  while (n < words.size() && !words[n].empty()) ++n;
  return n;
}

/// The index of the entry that contains `word`, or -1.
template <size_t N>
constexpr int find(const std::array<Words, N>& entries, std::string_view word) {
  for (size_t i = 0; i < N; ++i) {
    for (size_t k = 0; k < count(entries[i]); ++k) {
      if (entries[i][k] == word) return static_cast<int>(i);
    }
  }
  return -1;
}

}  // namespace triad::data::lexicon
