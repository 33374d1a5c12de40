#include "tests/fuzz/fuzz.h"
#include "triad/data/formats/sound.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  return triad::fuzz::try_parse(data, size, [](std::string_view bytes) {
    triad::data::read_waveform(triad::fuzz::file_with(bytes, "input.wav"));
  });
}
