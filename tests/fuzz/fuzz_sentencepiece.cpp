#include "tests/fuzz/fuzz.h"
#include "triad/data/text/tokenizer.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  return triad::fuzz::try_parse(data, size, [](std::string_view bytes) {
    const auto tokenizer = triad::data::parse_tokenizer("input.model", bytes);
    tokenizer->decode(tokenizer->encode_with_ends("the red circle, \xff\u00e9 \u4f60\u597d", 64));
  });
}
