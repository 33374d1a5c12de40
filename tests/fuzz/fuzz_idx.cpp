#include "tests/fuzz/fuzz.h"
#include "triad/data/formats/idx.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  return triad::fuzz::try_parse(data, size, [](std::string_view bytes) {
    const triad::data::IdxArray array = triad::data::read_idx(triad::fuzz::file_with(bytes, "input"));
    if (static_cast<int64_t>(array.values.size()) != array.shape.numel()) std::abort();
  });
}
