#include "triad/data/build/tokenizer_file.h"

#include "triad/data/formats/durable_file.h"
#include "triad/data/text/sentencepiece.h"
#include "triad/data/text/wordpiece.h"

namespace triad::data {

std::vector<BuilderOption> TokenizerFile::options(int64_t vocabulary) {
  using Kind = BuilderOption::Kind;
  return {{"vocabulary", Kind::kInteger, vocabulary, false, "word pieces to learn, special tokens included"},
          {"sentencepiece", Kind::kPath, std::string(), false, "a SentencePiece model to use instead"}};
}

TokenizerFile::TokenizerFile(const BuildRequest& request) : vocabulary_(request.integer("vocabulary", 16, 1 << 20)) {
  const std::filesystem::path model = request.path("sentencepiece");
  if (model.empty()) return;
  SentencePiece::load(model);  // refuses what could not be read again
  model_ = read_whole_file(model, SentencePiece::kLargestModel);
}

void TokenizerFile::add_to(DatasetWriter& writer, const std::vector<std::string>& texts) const {
  const std::string name = model_.empty() ? "vocab.txt" : "sentencepiece.model";
  if (!model_.empty()) writer.add_file(name, model_);
  else if (texts.empty()) writer.add_file(name, "[PAD]\n[UNK]\n[CLS]\n[SEP]\n[MASK]\n");
  else writer.add_file(name, train_wordpiece(texts, {.vocabulary_size = vocabulary_}).vocabulary());
  writer.set_attribute("tokenizer", name);
}

}  // namespace triad::data
