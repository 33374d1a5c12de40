// A small SentencePiece model, trained by the library itself.
#pragma once

#include <string>

#include <sentencepiece_trainer.h>

#include "triad/core/base/error.h"

namespace triad::data {

/// Lines of a text, again and again.
class RepeatedLines : public sentencepiece::SentenceIterator {
 public:
  RepeatedLines() { read(); }
  bool done() const override { return at_ == 300; }
  void Next() override { ++at_, read(); }
  const std::string& value() const override { return line_; }
  sentencepiece::util::Status status() const override { return {}; }

 private:
  void read() {
    static const char* lines[] = {"the red circle is above the blue square", "a small green triangle, left of it",
                                  "Gr\u00fc\u00dfe an die Welt", "\u4f60\u597d\u4e16\u754c"};
    line_ = lines[at_ % 4];
  }
  int at_ = 0;
  std::string line_;
};

/// The content of a .model file, of 60 pieces; `options` are spm_train's, beside the default ones.
inline std::string trained_model(const std::string& options = "") {
  std::string model;
  RepeatedLines lines;
  const auto status = sentencepiece::SentencePieceTrainer::Train(
      "--vocab_size=60 --hard_vocab_limit=false --minloglevel=2 " + options, &lines, &model);
  require<ValueError>(status.ok(), "trained_model", status.ToString());
  return model;
}

}  // namespace triad::data
