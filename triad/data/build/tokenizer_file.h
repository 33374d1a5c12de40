// The tokenizer that goes into a data set.
#pragma once

#include <string>
#include <vector>

#include "triad/data/build/builder.h"

namespace triad::data {

/// A SentencePiece model to be copied, or the size of a WordPiece vocabulary to be learned.
class TokenizerFile {
 public:
  explicit TokenizerFile(int64_t vocabulary) : vocabulary_(vocabulary) {}
  /// By the options `vocabulary` and `sentencepiece`. IoError if there is no such model or it is damaged.
  explicit TokenizerFile(const BuildRequest& request);

  static std::vector<BuilderOption> options(int64_t vocabulary);

  /// Writes the file and the attribute `tokenizer`, its name. `texts` are what a vocabulary is learned from; without any
  /// it has only special tokens.
  void add_to(DatasetWriter& writer, const std::vector<std::string>& texts) const;

 private:
  int64_t vocabulary_;
  std::string model_;
};

}  // namespace triad::data
