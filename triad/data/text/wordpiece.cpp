#include "triad/data/text/wordpiece.h"

#include <algorithm>

#include <utf8proc.h>

#include "triad/core/base/error.h"
#include "triad/data/formats/durable_file.h"
#include "triad/data/text/utf8.h"
#include "triad/data/text/words.h"

namespace triad::data {
namespace {

constexpr size_t kLongestWord = 100;  // characters

/// Whether lowering would change a piece; [PAD], [unused1] and the like are no text.
bool has_capitals(std::string_view piece) {
  if (piece.starts_with('[') && piece.ends_with(']')) return false;
  for (; !piece.empty(); piece.remove_prefix(first_character(piece).bytes)) {
    const int32_t c = first_character(piece).code_point;
    if (utf8proc_tolower(c) != c) return true;
  }
  return false;
}

}  // namespace

WordPiece::WordPiece(std::vector<std::string> pieces, bool lowercase)
    : pieces_(std::move(pieces)), lowercase_(lowercase) {
  for (size_t i = 0; i < pieces_.size(); ++i) {
    std::string_view piece = pieces_[i];
    require<ValueError>(!piece.empty(), "WordPiece", "line ", i + 1, " of the vocabulary is empty");
    require<ValueError>(find_invalid_utf8(piece) < 0, "WordPiece", "line ", i + 1, " of the vocabulary is not UTF-8");
    Pieces& kind = piece.starts_with("##") ? inner_ : first_;
    if (&kind == &inner_) piece.remove_prefix(2);
    const bool is_new = kind.ids.emplace(piece, static_cast<int32_t>(i)).second;
    require<ValueError>(is_new, "WordPiece", "line ", i + 1, " of the vocabulary repeats '", pieces_[i], "'");
    kind.longest = std::max(kind.longest, piece.size());
  }
  const auto id_of = [&](const char* piece) {
    const auto at = first_.ids.find(piece);
    require<ValueError>(at != first_.ids.end(), "WordPiece", "the vocabulary has no ", piece);
    return at->second;
  };
  special_ = {id_of("[PAD]"), id_of("[UNK]"), id_of("[CLS]"), id_of("[SEP]"), id_of("[MASK]")};
}

WordPiece WordPiece::parse(std::string_view vocabulary, std::optional<bool> lowercase) {
  std::vector<std::string> pieces;
  while (!vocabulary.empty()) {
    const size_t end = std::min(vocabulary.find('\n'), vocabulary.size());
    std::string_view line = vocabulary.substr(0, end);
    while (line.ends_with('\r')) line.remove_suffix(1);  // no word ends with one
    pieces.emplace_back(line);
    vocabulary.remove_prefix(std::min(end + 1, vocabulary.size()));
  }
  if (!lowercase) lowercase = std::ranges::none_of(pieces, has_capitals);
  return WordPiece(std::move(pieces), *lowercase);
}

WordPiece WordPiece::load(const std::filesystem::path& vocabulary, std::optional<bool> lowercase) {
  const std::string content = read_whole_file(vocabulary, kLargestVocabulary);
  try {
    return parse(content, lowercase);
  } catch (const ValueError& e) {
    fail<IoError>(vocabulary.string(), e.what());
  }
}

std::string WordPiece::vocabulary() const {
  std::string text;
  for (const std::string& piece : pieces_) text += piece + '\n';
  return text;
}

std::vector<int32_t> WordPiece::encode(std::string_view text) const {
  std::vector<int32_t> ids;
  for_each_word(text, lowercase_, [&](std::string_view word) { encode_word(word, ids); });
  return ids;
}

void WordPiece::encode_word(std::string_view word, std::vector<int32_t>& ids) const {
  std::vector<size_t> borders = {0};
  while (borders.back() < word.size() && borders.size() <= kLongestWord + 1) {
    borders.push_back(borders.back() + character_bytes(word[borders.back()]));
  }
  const size_t known = ids.size(), characters = borders.size() - 1;
  if (characters > kLongestWord) {
    ids.push_back(special_.unknown);
    return;
  }
  for (size_t first = 0; first < characters;) {
    const Pieces& kind = first == 0 ? first_ : inner_;
    size_t last = characters;
    for (; last > first; --last) {
      const size_t bytes = borders[last] - borders[first];
      if (bytes > kind.longest) continue;
      if (const auto at = kind.ids.find(word.substr(borders[first], bytes)); at != kind.ids.end()) {
        ids.push_back(at->second);
        break;
      }
    }
    if (last == first) {
      ids.resize(known);
      ids.push_back(special_.unknown);
      return;
    }
    first = last;
  }
}

std::string WordPiece::decode(std::span<const int32_t> ids) const {
  std::string text;
  for (const int32_t id : ids) {
    require<ValueError>(id >= 0 && id < vocabulary_size(), "decode", "id ", id, " is outside of a vocabulary of ",
                        vocabulary_size());
    const std::string& piece = pieces_[static_cast<size_t>(id)];
    if (piece.starts_with("##")) text += piece.substr(2);
    else text += (text.empty() ? "" : " ") + piece;
  }
  return text;
}

}  // namespace triad::data
