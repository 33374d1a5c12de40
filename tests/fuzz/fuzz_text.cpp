#include "tests/fuzz/fuzz.h"
#include "triad/data/text/utf8.h"
#include "triad/data/text/wordpiece.h"
#include "triad/data/text/words.h"

/// Any bytes as UTF-8, as words and as pieces.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* bytes, size_t size) {
  using namespace triad::data;
  static const WordPiece tokenizer =
      train_wordpiece({"the red circle is above the blue square"}, {.vocabulary_size = 64});
  return triad::fuzz::try_parse(bytes, size, [](std::string_view text) {
    const std::string valid = without_invalid_utf8(text);
    if (find_invalid_utf8(valid) >= 0 || (find_invalid_utf8(text) < 0 && valid != text)) std::abort();
    for (const bool lowercase : {false, true}) {
      const std::vector<std::string> words = split_words(text, lowercase);
      if (words != split_words(valid, lowercase)) std::abort();
      for (const std::string& word : words) {
        if (word.empty() || find_invalid_utf8(word) >= 0) std::abort();
      }
    }
    const std::vector<int32_t> ids = tokenizer.encode(text);
    triad::fuzz::must_parse([&] { return tokenizer.decode(ids); });
  });
}
