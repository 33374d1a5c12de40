#include <algorithm>

#include "tests/fuzz/fuzz.h"
#include "triad/data/build/prose.h"

/// Any bytes as a book: no passage is empty or too long, and together they hold all of the chapter but spaces.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  return triad::fuzz::try_parse(data, size, [](std::string_view bytes) {
    for (std::string& chapter : triad::data::chapters_of(bytes)) {
      std::string joined;
      for (const std::string& passage : triad::data::passages_of(chapter, 40)) {
        if (passage.empty() || passage.size() > 40) std::abort();
        joined += passage;
      }
      std::erase(joined, ' ');
      std::erase(chapter, ' ');
      if (joined != chapter) std::abort();
    }
  });
}
