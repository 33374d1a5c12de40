#include "tests/fuzz/fuzz.h"
#include "triad/train/import/bert_config.h"

/// A config.json and, behind a NUL, a tokenizer_config.json.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace triad;
  return fuzz::try_parse(data, size, [](std::string_view bytes) {
    const auto [config, tokenizer] = fuzz::in_two(bytes);
    const auto folder = fuzz::file_with(tokenizer, "tokenizer_config.json").parent_path();
    fuzz::file_with("[PAD]\n[UNK]\n[CLS]\n[SEP]\n[MASK]\na\n", "vocab.txt");
    const auto file = fuzz::file_with(config, "config.json");
    fuzz::try_parse([&] { train::read_bert_config(file); });
    train::read_bert_tokenizer(folder).encode("A\u00e9");
  });
}
