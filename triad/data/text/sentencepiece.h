// Models of SentencePiece, by its library.                                         [arXiv:1808.06226]
#pragma once

#include <filesystem>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "triad/data/text/tokenizer.h"

namespace sentencepiece {
class SentencePieceProcessor;
}

namespace triad::data {

/// A trained model (unigram or BPE) with its own normalisation of text. Its pieces keep the ids they have in it.
/// Special tokens are pieces of the model where it has them, by the first of these names:
///     pad [PAD] <pad>    cls [CLS] <s>    sep [SEP] </s>    mask [MASK] <mask>
/// Those it lacks, in this order, get the ids behind its last one, so that any model can be trained with.
class SentencePiece : public Tokenizer {
 public:
  /// From the content of a model file. ValueError if it is damaged, cut off, or no such model.
  explicit SentencePiece(std::string_view model);
  SentencePiece(SentencePiece&&) noexcept;
  ~SentencePiece() override;

  static constexpr int64_t kLargestModel = int64_t{256} << 20;  ///< bytes
  /// Reads PREFIX.model, as spm_train writes it. IoError naming the file.
  static SentencePiece load(const std::filesystem::path& model);

  std::vector<int32_t> encode(std::string_view text) const override;
  std::string decode(std::span<const int32_t> ids) const override;
  int64_t vocabulary_size() const override;
  const SpecialTokens& special() const override { return special_; }

 private:
  std::unique_ptr<sentencepiece::SentencePieceProcessor> model_;
  SpecialTokens special_;
  std::vector<std::string> added_;  ///< names of the special tokens behind the model's pieces
};

}  // namespace triad::data
