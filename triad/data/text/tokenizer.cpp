#include "triad/data/text/tokenizer.h"

#include "triad/core/base/error.h"
#include "triad/data/text/sentencepiece.h"
#include "triad/data/text/wordpiece.h"

namespace triad::data {

std::vector<int32_t> Tokenizer::encode_with_ends(std::string_view text, int64_t most) const {
  require<ValueError>(most >= 2, "encode_with_ends", "at most ", most, " ids, expected at least 2");
  std::vector<int32_t> ids = encode(text);
  if (std::ssize(ids) > most - 2) ids.resize(static_cast<size_t>(most - 2));
  ids.insert(ids.begin(), special().cls);
  ids.push_back(special().sep);
  return ids;
}

std::unique_ptr<Tokenizer> parse_tokenizer(const std::string& name, std::string_view content) {
  try {
    if (name.ends_with(".model")) return std::make_unique<SentencePiece>(content);
    return std::make_unique<WordPiece>(WordPiece::parse(content));
  } catch (const ValueError& e) {
    fail<IoError>(name, e.what());
  }
}

}  // namespace triad::data
