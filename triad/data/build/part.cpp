#include "triad/data/build/part.h"

#include <algorithm>
#include <array>

#include "triad/core/base/error.h"
#include "triad/core/base/philox.h"

namespace triad::data {

std::string name_of(Part part) {
  constexpr std::array<const char*, kParts> kNames = {"train", "validation", "test"};
  return kNames[static_cast<size_t>(part)];
}

uint64_t draw_lot(uint64_t seed, std::string_view name, uint32_t number) {
  RandomStream draw({.seed = seed, .step = number, .site = random_site(name)});
  const uint64_t high = draw.bits();
  return high << 32 | draw.bits();
}

std::vector<Part> draw_parts(const std::vector<uint64_t>& lots, double share, std::string_view source,
                             std::string_view things) {
  std::vector<Part> parts(lots.size(), Part::kTraining);
  if (share == 0) return parts;
  const auto held_out = std::max<size_t>(1, static_cast<size_t>(share * static_cast<double>(lots.size())));
  std::vector<uint64_t> sorted = lots;
  std::ranges::sort(sorted);
  std::array<size_t, kParts> counts{};
  for (size_t i = 0; i < lots.size(); ++i) {
    const auto rank = static_cast<size_t>(std::ranges::lower_bound(sorted, lots[i]) - sorted.begin());
    parts[i] = rank < held_out ? Part::kValidation : rank < 2 * held_out ? Part::kTest : Part::kTraining;
    ++counts[static_cast<size_t>(parts[i])];
  }
  require<IoError>(std::ranges::count(counts, size_t{0}) == 0, "data build", source, " has ", lots.size(), " ", things,
                   ", too few to hold out ", held_out, " for validation and ", held_out, " for test",
                   Hint{"give more, or hold out none: --held-out 0"});
  return parts;
}

}  // namespace triad::data
