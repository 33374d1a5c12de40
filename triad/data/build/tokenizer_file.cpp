#include "triad/data/build/tokenizer_file.h"

#include "triad/core/base/error.h"
#include "triad/data/formats/durable_file.h"
#include "triad/data/text/sentencepiece.h"
#include "triad/data/text/wordpiece.h"

namespace triad::data {

std::vector<BuilderOption> TokenizerFile::options(int64_t vocabulary) {
  using Kind = BuilderOption::Kind;
  return {{"vocabulary", Kind::kInteger, vocabulary, false, "word pieces to learn, special tokens included"},
          {"wordpiece", Kind::kPath, std::string(), false,
           "a vocabulary of BERT to use instead (vocab.txt, a piece a line); one with capital letters keeps those of "
           "texts"},
          {"sentencepiece", Kind::kPath, std::string(), false, "a SentencePiece model to use instead"}};
}

TokenizerFile::TokenizerFile(const BuildRequest& request) : vocabulary_(request.integer("vocabulary", 16, 1 << 20)) {
  const std::filesystem::path pieces = request.path("wordpiece"), model = request.path("sentencepiece");
  require<ConfigError>(pieces.empty() || model.empty(), "data build", request.prefix, "wordpiece and ", request.prefix,
                       "sentencepiece are both given, expected one tokenizer");
  if (!pieces.empty()) {
    WordPiece::load(pieces);  // refuses what could not be read again
    given_ = read_whole_file(pieces, WordPiece::kLargestVocabulary);
  } else if (!model.empty()) {
    SentencePiece::load(model);
    given_ = read_whole_file(model, SentencePiece::kLargestModel);
    name_ = "sentencepiece.model";
  }
}

void TokenizerFile::add_to(DatasetWriter& writer, const std::vector<std::string>& texts) const {
  if (!given_.empty()) writer.add_file(name_, given_);
  else if (texts.empty()) writer.add_file(name_, "[PAD]\n[UNK]\n[CLS]\n[SEP]\n[MASK]\n");
  else writer.add_file(name_, train_wordpiece(texts, {.vocabulary_size = vocabulary_}).vocabulary());
  writer.set_attribute("tokenizer", name_);
}

}  // namespace triad::data
