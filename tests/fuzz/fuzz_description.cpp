#include "tests/fuzz/fuzz.h"
#include "triad/data/scenes/grammar.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  return triad::fuzz::try_parse(data, size, [](std::string_view bytes) {
    const triad::data::Scene scene = triad::data::parse_description(bytes);
    triad::RandomStream random(triad::RandomKey{.seed = 1});
    if (triad::data::parse_description(triad::data::describe_scene(scene, random)) != scene) std::abort();
  });
}
