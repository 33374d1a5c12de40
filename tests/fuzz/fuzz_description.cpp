#include "tests/fuzz/fuzz.h"
#include "triad/data/scenes/grammar.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  return triad::fuzz::try_parse(data, size, [](std::string_view bytes) {
    const triad::data::Scene scene = triad::data::parse_description(bytes);
    triad::RandomStream random(triad::RandomKey{.seed = 1});
    const std::string description = triad::data::describe_scene(scene, random);
    if (triad::fuzz::must_parse([&] { return triad::data::parse_description(description); }) != scene) std::abort();
  });
}
