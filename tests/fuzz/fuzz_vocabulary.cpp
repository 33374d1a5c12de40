#include "tests/fuzz/fuzz.h"
#include "triad/data/text/wordpiece.h"

/// A vocabulary and, behind a NUL, a text to split by it.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  return triad::fuzz::try_parse(data, size, [](std::string_view bytes) {
    const auto [vocabulary, text] = triad::fuzz::in_two(bytes);
    const auto tokenizer = triad::data::WordPiece::parse(vocabulary);
    const std::vector<int32_t> ids = tokenizer.encode(text);
    triad::fuzz::must_parse([&] { return tokenizer.decode(ids); });
    const auto again = triad::fuzz::must_parse(
        [&] { return triad::data::WordPiece::parse(tokenizer.vocabulary(), tokenizer.lowercase()); });
    if (again.encode(text) != ids) std::abort();
  });
}
