// Names in a sentence.
#pragma once

#include <functional>
#include <string>
#include <string_view>

namespace triad {

/// The texts of a range with `between` between them; `name_of` picks the text of an element, as projections of the
/// standard library do: join(splits, &SplitEntry::name).
template <class Range, class Projection = std::identity>
std::string join(const Range& range, Projection name_of = {}, std::string_view between = ", ") {
  std::string all;
  bool first = true;
  for (const auto& element : range) {
    if (!first) all += between;
    first = false;
    all += std::invoke(name_of, element);
  }
  return all;
}

}  // namespace triad
