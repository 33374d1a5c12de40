// WordPiece, as BERT uses it.                                                      [arXiv:1609.08144, arXiv:1810.04805]
#pragma once

#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "triad/data/text/tokenizer.h"

namespace triad::data {

/// Splits a word into the longest pieces of the vocabulary, from the left; pieces inside a word begin with "##". A word
/// that cannot be split, or has more than 100 characters, is the unknown token.
/// Gives the ids of Hugging Face's BertTokenizerFast for the same vocabulary file. Special tokens are not looked for in
/// text.
class WordPiece : public Tokenizer {
 public:
  /// `pieces`: one an id. ValueError naming line and piece if one is empty, not UTF-8 or there twice, or if a special
  /// token is missing.
  explicit WordPiece(std::vector<std::string> pieces, bool lowercase = true);

  static constexpr int64_t kLargestVocabulary = int64_t{64} << 20;  ///< bytes of a file; BERT's have 0.2 to 3 MB
  /// Reads BERT's vocab.txt: a piece a line. Where `lowercase` is not given, a vocabulary with capital letters keeps
  /// those of the text. IoError naming file and line.
  static WordPiece load(const std::filesystem::path& vocabulary, std::optional<bool> lowercase = {});
  /// The same from the content of such a file.
  static WordPiece parse(std::string_view vocabulary, std::optional<bool> lowercase = {});
  /// The vocabulary as text, a piece a line.
  std::string vocabulary() const;

  std::vector<int32_t> encode(std::string_view text) const override;
  /// Pieces with spaces between words; a space stands before every punctuation mark too.
  std::string decode(std::span<const int32_t> ids) const override;
  int64_t vocabulary_size() const override { return static_cast<int64_t>(pieces_.size()); }
  const SpecialTokens& special() const override { return special_; }
  bool lowercase() const { return lowercase_; }

 private:
  struct Hash {
    using is_transparent = void;
    size_t operator()(std::string_view text) const { return std::hash<std::string_view>{}(text); }
  };
  /// Pieces of one kind, without "##".
  struct Pieces {
    std::unordered_map<std::string, int32_t, Hash, std::equal_to<>> ids;
    size_t longest = 0;  ///< bytes
  };

  void encode_word(std::string_view word, std::vector<int32_t>& ids) const;

  std::vector<std::string> pieces_;
  Pieces first_, inner_;  ///< at the start of a word, inside one
  SpecialTokens special_;
  bool lowercase_;
};

struct WordPieceTraining {
  int64_t vocabulary_size = 4000;  ///< with the five special tokens
  int64_t least_count = 2;         ///< of a pair of pieces to be merged
  bool lowercase = true;
};

/// Learns a vocabulary: special tokens, all characters (the most frequent ones if there are too many), then the most
/// frequent pair of neighbouring pieces over and over, as Hugging Face's trainer does. Ties go to the pair that sorts
/// first, so the result is a function of the text. ValueError if the text has no words or the size has no room.
WordPiece train_wordpiece(const std::vector<std::string>& texts, const WordPieceTraining& options);

}  // namespace triad::data
