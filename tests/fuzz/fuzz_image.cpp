#include "tests/fuzz/fuzz.h"
#include "triad/data/formats/image_file.h"

/// PNG and JPEG, told apart by their first bytes.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  return triad::fuzz::try_parse(data, size, [](std::string_view bytes) {
    const triad::data::Image image = triad::data::decode_image(bytes, "input");
    const auto pixels = int64_t{image.height} * image.width * image.channels;
    if (pixels <= 0 || static_cast<int64_t>(image.pixels.size()) != pixels) std::abort();
  });
}
