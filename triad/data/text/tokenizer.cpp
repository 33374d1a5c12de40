#include "triad/data/text/tokenizer.h"

#include "triad/core/base/error.h"

namespace triad::data {

std::vector<int32_t> Tokenizer::encode_with_ends(std::string_view text, int64_t most) const {
  require<ValueError>(most >= 2, "encode_with_ends", "at most ", most, " ids, expected at least 2");
  std::vector<int32_t> ids = encode(text);
  if (std::ssize(ids) > most - 2) ids.resize(static_cast<size_t>(most - 2));
  ids.insert(ids.begin(), special().cls);
  ids.push_back(special().sep);
  return ids;
}

}  // namespace triad::data
