#include "tests/fuzz/fuzz.h"
#include "triad/train/config/recipe.h"

/// A recipe and, behind a NUL, an override.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace triad;
  return fuzz::try_parse(data, size, [](std::string_view bytes) {
    const auto [recipe, assignment] = fuzz::in_two(bytes);
    std::vector<std::string> overrides;
    if (!assignment.empty()) overrides.emplace_back(assignment);
    const std::string resolved =
        train::write_recipe(train::read_recipe(fuzz::file_with(recipe, "input.yaml"), overrides));
    const train::Recipe again =
        fuzz::must_parse([&] { return train::read_recipe(fuzz::file_with(resolved, "again.yaml")); });
    if (train::write_recipe(again) != resolved) std::abort();
  });
}
