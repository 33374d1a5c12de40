// The tokenizer that goes into a data set.
#pragma once

#include <string>
#include <vector>

#include "triad/data/build/builder.h"

namespace triad::data {

/// A WordPiece vocabulary or SentencePiece model to be copied, or the size of a WordPiece vocabulary to be learned.
class TokenizerFile {
 public:
  /// By the options below. ConfigError if both files are given, IoError if one cannot be read or is damaged.
  explicit TokenizerFile(const BuildRequest& request);

  /// `vocabulary`, `wordpiece` and `sentencepiece`; the first has that default.
  static std::vector<BuilderOption> options(int64_t vocabulary);

  /// Writes the file and the attribute `tokenizer`, its name. `texts` are what a vocabulary is learned from; without any
  /// it has only special tokens.
  void add_to(DatasetWriter& writer, const std::vector<std::string>& texts) const;

 private:
  int64_t vocabulary_;
  std::string name_ = "vocab.txt";
  std::string given_;  ///< content of the file to be copied; empty: a vocabulary is learned
};

}  // namespace triad::data
