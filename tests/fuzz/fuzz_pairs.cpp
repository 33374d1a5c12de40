#include "tests/fuzz/fuzz.h"
#include "triad/data/build/pair_list.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  return triad::fuzz::try_parse(data, size, [](std::string_view bytes) {
    const auto count = [](const auto& all) { return static_cast<int64_t>(all.size()); };
    const triad::data::PairList list = triad::data::parse_pairs(bytes, "input", "folder");
    for (const triad::data::ListedPair& pair : list.pairs) {
      if (pair.identity < 0 || pair.identity >= count(list.pairs) || pair.label >= count(list.labels)) std::abort();
    }
  });
}
