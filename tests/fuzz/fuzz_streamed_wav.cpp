#include "tests/fuzz/fuzz.h"
#include "triad/data/scenes/streamed_wav.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  return triad::fuzz::try_parse(data, size, [](std::string_view bytes) {
    const triad::data::Waveform sound = triad::data::parse_streamed_wav(bytes);
    if (sound.sample_rate != 22050 || 2 * sound.samples.size() > bytes.size()) std::abort();
  });
}
