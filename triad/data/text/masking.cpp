#include "triad/data/text/masking.h"

#include <algorithm>
#include <cmath>

#include "triad/core/base/error.h"

namespace triad::data {
namespace {

bool is_special(int32_t id, const SpecialTokens& s) {
  return id == s.pad || id == s.unknown || id == s.cls || id == s.sep || id == s.mask;
}

}  // namespace

std::vector<MaskedToken> mask_tokens(std::span<int32_t> ids, const SpecialTokens& special, int64_t vocabulary,
                                     double share, RandomKey key) {
  constexpr int64_t kSpecialTokens = 5;
  require<ValueError>(vocabulary > kSpecialTokens, "mask_tokens", "a vocabulary of ", vocabulary,
                      " pieces has none beside the special tokens");
  std::vector<MaskedToken> chosen;
  for (size_t i = 0; i < ids.size(); ++i) {
    if (ids[i] != special.pad && ids[i] != special.cls && ids[i] != special.sep)
      chosen.push_back({static_cast<int64_t>(i), ids[i]});
  }
  if (chosen.empty()) return chosen;
  RandomStream random(key);
  random.shuffle(chosen);
  const auto count = std::llround(share * static_cast<double>(chosen.size()));
  chosen.resize(static_cast<size_t>(std::clamp<int64_t>(count, 1, std::ssize(chosen))));
  std::sort(chosen.begin(), chosen.end(),
            [](const MaskedToken& a, const MaskedToken& b) { return a.position < b.position; });
  for (const MaskedToken& token : chosen) {
    int32_t& id = ids[static_cast<size_t>(token.position)];
    const double lot = random.uniform();
    if (lot < 0.8) {
      id = special.mask;
    } else if (lot < 0.9) {
      do {
        id = static_cast<int32_t>(random.below(static_cast<uint64_t>(vocabulary)));
      } while (is_special(id, special));
    }
  }
  return chosen;
}

}  // namespace triad::data
