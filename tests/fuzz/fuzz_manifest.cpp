#include "tests/fuzz/fuzz.h"
#include "triad/data/shards/manifest.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  return triad::fuzz::try_parse(data, size, [](std::string_view bytes) {
    const std::string json = to_json(triad::data::parse_manifest(bytes, "input"));
    if (to_json(triad::fuzz::must_parse([&] { return triad::data::parse_manifest(json, "again"); })) != json)
      std::abort();
  });
}
