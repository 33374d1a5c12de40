#include "triad/data/text/wordpiece.h"

#include <utf8proc.h>

#include <array>
#include <fstream>

#include "triad/core/base/error.h"

namespace triad::data {
namespace {

constexpr size_t kLongestWord = 100;  // characters; a longer word is unknown as a whole

using CodePoints = std::vector<utf8proc_int32_t>;

CodePoints decode_utf8(std::string_view text) {
  CodePoints points;
  const auto* bytes = reinterpret_cast<const utf8proc_uint8_t*>(text.data());
  auto left = static_cast<utf8proc_ssize_t>(text.size());
  while (left > 0) {
    utf8proc_int32_t point = 0;
    const utf8proc_ssize_t length = utf8proc_iterate(bytes, left, &point);
    if (length > 0) points.push_back(point);
    const utf8proc_ssize_t step = length > 0 ? length : 1;
    bytes += step;
    left -= step;
  }
  return points;
}

void append_utf8(std::string& out, utf8proc_int32_t point) {
  utf8proc_uint8_t bytes[4];
  const utf8proc_ssize_t length = utf8proc_encode_char(point, bytes);
  out.append(reinterpret_cast<const char*>(bytes), static_cast<size_t>(length));
}

bool is_space(utf8proc_int32_t c) {
  return c == '\t' || c == '\n' || c == '\r' || utf8proc_category(c) == UTF8PROC_CATEGORY_ZS;
}

bool is_dropped(utf8proc_int32_t c) {
  if (c == 0 || c == 0xFFFD) return true;
  switch (utf8proc_category(c)) {
    case UTF8PROC_CATEGORY_CC:
    case UTF8PROC_CATEGORY_CF:
    case UTF8PROC_CATEGORY_CN:
    case UTF8PROC_CATEGORY_CO:
    case UTF8PROC_CATEGORY_CS: return true;
    default: return false;
  }
}

bool is_punctuation(utf8proc_int32_t c) {
  if ((c >= 33 && c <= 47) || (c >= 58 && c <= 64) || (c >= 91 && c <= 96) || (c >= 123 && c <= 126)) return true;
  const utf8proc_category_t category = utf8proc_category(c);
  return category >= UTF8PROC_CATEGORY_PC && category <= UTF8PROC_CATEGORY_PO;
}

/// The ideograph blocks BERT splits at; not all of CJK: Hangul and Kana stay words.
bool is_ideograph(utf8proc_int32_t c) {
  constexpr std::array<std::array<utf8proc_int32_t, 2>, 8> blocks = {{{0x4E00, 0x9FFF}, {0x3400, 0x4DBF}, {0x20000, 0x2A6DF},
                                                                      {0x2A700, 0x2B73F}, {0x2B740, 0x2B81F}, {0x2B920, 0x2CEAF},
                                                                      {0xF900, 0xFAFF}, {0x2F800, 0x2FA1F}}};
  for (const auto& [first, last] : blocks) {
    if (c >= first && c <= last) return true;
  }
  return false;
}

/// Canonical decomposition without marks, in lower case.
CodePoints fold(const CodePoints& points) {
  std::string text;
  for (const utf8proc_int32_t c : points) append_utf8(text, c);
  const auto option = static_cast<utf8proc_option_t>(UTF8PROC_DECOMPOSE | UTF8PROC_STABLE);
  const auto* bytes = reinterpret_cast<const utf8proc_uint8_t*>(text.data());
  const auto length = static_cast<utf8proc_ssize_t>(text.size());
  CodePoints decomposed(static_cast<size_t>(std::max<utf8proc_ssize_t>(0, utf8proc_decompose(bytes, length, nullptr, 0, option))));
  utf8proc_decompose(bytes, length, decomposed.data(), static_cast<utf8proc_ssize_t>(decomposed.size()), option);
  CodePoints folded;
  for (const utf8proc_int32_t c : decomposed) {
    if (utf8proc_category(c) != UTF8PROC_CATEGORY_MN) folded.push_back(utf8proc_tolower(c));
  }
  return folded;
}

/// Bytes of the character that begins with `lead`, in valid UTF-8.
size_t character_bytes(char lead) {
  const auto byte = static_cast<unsigned char>(lead);
  return byte < 0x80 ? 1 : byte < 0xE0 ? 2 : byte < 0xF0 ? 3 : 4;
}

}  // namespace

std::vector<std::string> split_words(std::string_view text, bool lowercase) {
  CodePoints clean;
  for (const utf8proc_int32_t c : decode_utf8(text)) {
    if (is_space(c)) clean.push_back(' ');
    else if (!is_dropped(c)) clean.push_back(c);
  }
  if (lowercase) clean = fold(clean);
  std::vector<std::string> words;
  bool inside = false;
  for (const utf8proc_int32_t c : clean) {
    const bool alone = is_punctuation(c) || is_ideograph(c);
    if (is_space(c)) {
      inside = false;
      continue;
    }
    if (alone || !inside) words.emplace_back();
    append_utf8(words.back(), c);
    inside = !alone;
  }
  return words;
}

std::vector<int32_t> Tokenizer::encode_with_ends(std::string_view text, int64_t most) const {
  require<ValueError>(most >= 2, "encode_with_ends", "at most ", most, " ids, expected at least 2");
  std::vector<int32_t> ids = encode(text);
  if (std::ssize(ids) > most - 2) ids.resize(static_cast<size_t>(most - 2));
  ids.insert(ids.begin(), special().cls);
  ids.push_back(special().sep);
  return ids;
}

WordPiece::WordPiece(std::vector<std::string> pieces, bool lowercase) : pieces_(std::move(pieces)), lowercase_(lowercase) {
  for (size_t i = 0; i < pieces_.size(); ++i) {
    require<ValueError>(!pieces_[i].empty(), "WordPiece", "line ", i + 1, " of the vocabulary is empty");
    const bool is_new = ids_.emplace(pieces_[i], static_cast<int32_t>(i)).second;
    require<ValueError>(is_new, "WordPiece", "line ", i + 1, " of the vocabulary repeats '", pieces_[i], "'");
  }
  const auto id_of = [&](const char* piece) {
    const auto at = ids_.find(piece);
    require<ValueError>(at != ids_.end(), "WordPiece", "the vocabulary has no ", piece);
    return at->second;
  };
  special_ = {id_of("[PAD]"), id_of("[UNK]"), id_of("[CLS]"), id_of("[SEP]"), id_of("[MASK]")};
}

WordPiece WordPiece::load(const std::filesystem::path& vocabulary, bool lowercase) {
  std::ifstream in(vocabulary, std::ios::binary);
  require<IoError>(in.good(), vocabulary.string(), "cannot be read");
  std::vector<std::string> pieces;
  for (std::string line; std::getline(in, line);) {
    if (!line.empty() && line.back() == '\r') line.pop_back();
    pieces.push_back(std::move(line));
  }
  try {
    return WordPiece(std::move(pieces), lowercase);
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
  for (const std::string& word : split_words(text, lowercase_)) encode_word(word, ids);
  return ids;
}

void WordPiece::encode_word(std::string_view word, std::vector<int32_t>& ids) const {
  std::vector<size_t> borders = {0};
  while (borders.back() < word.size()) borders.push_back(borders.back() + character_bytes(word[borders.back()]));
  const size_t known = ids.size(), characters = borders.size() - 1;
  if (characters > kLongestWord) {
    ids.push_back(special_.unknown);
    return;
  }
  for (size_t first = 0; first < characters;) {
    size_t last = characters;
    for (; last > first; --last) {
      const std::string piece = (first > 0 ? "##" : "") + std::string(word.substr(borders[first], borders[last] - borders[first]));
      if (const auto at = ids_.find(piece); at != ids_.end()) {
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
    require<ValueError>(id >= 0 && id < vocabulary_size(), "decode", "id ", id, " is outside of a vocabulary of ", vocabulary_size());
    const std::string& piece = pieces_[static_cast<size_t>(id)];
    if (piece.starts_with("##")) text += piece.substr(2);
    else text += (text.empty() ? "" : " ") + piece;
  }
  return text;
}

}  // namespace triad::data
