#include "tests/fuzz/fuzz.h"
#include "triad/data/formats/wav.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  return triad::fuzz::try_parse(
      data, size, [](std::string_view bytes) { triad::data::read_wav(triad::fuzz::file_with(bytes, "input.wav")); });
}
