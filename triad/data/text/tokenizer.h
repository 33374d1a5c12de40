// Text as ids of pieces.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace triad::data {

/// Ids with a meaning of their own.
struct SpecialTokens {
  int32_t pad = 0, unknown = 1, cls = 2, sep = 3, mask = 4;
};

class Tokenizer {
 public:
  virtual ~Tokenizer() = default;

  /// Ids of the pieces of `text`, without special tokens. Any bytes: what is not UTF-8 is left out.
  virtual std::vector<int32_t> encode(std::string_view text) const = 0;
  /// Readable text of ids; special tokens appear by name. ValueError for an id outside of the vocabulary.
  virtual std::string decode(std::span<const int32_t> ids) const = 0;
  virtual int64_t vocabulary_size() const = 0;
  virtual const SpecialTokens& special() const = 0;

  /// [CLS] pieces [SEP], with pieces cut off behind so that there are at most `most` ids. ValueError if most < 2.
  std::vector<int32_t> encode_with_ends(std::string_view text, int64_t most) const;
};

/// The tokenizer in a file: a SentencePiece model if `name` ends with ".model", else BERT's vocabulary. IoError naming the
/// file if its content is damaged.
std::unique_ptr<Tokenizer> parse_tokenizer(const std::string& name, std::string_view content);

}  // namespace triad::data
