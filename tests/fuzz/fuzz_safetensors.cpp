#include "tests/fuzz/fuzz.h"
#include "triad/data/formats/safetensors.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace triad;
  return fuzz::try_parse(data, size, [](std::string_view bytes) {
    const data::SafetensorsReader reader(fuzz::file_with(bytes, "input"));
    for (const auto& entry : reader.header().entries) {
      fuzz::try_parse([&] { reader.read(entry.name); });
    }
  });
}
