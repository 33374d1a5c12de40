#include "tests/fuzz/fuzz.h"
#include "triad/data/formats/hdf5.h"

namespace {

using namespace triad;

void read_all(const data::hdf5::Group& group, int depth) {
  for (const std::string& name : group.names()) {
    fuzz::try_parse([&] {
      if (!group.is_group(name)) {
        group.read<float>(name);
      } else if (depth < 8) {  // hard links can go in circles
        read_all(group.group(name), depth + 1);
      }
    });
  }
}

}  // namespace

/// The library loses some of what it read where a file is damaged.
extern "C" const char* __lsan_default_suppressions() { return "leak:libhdf5"; }

/// What a checkpoint is read with: attributes of the root, and every data set of every group.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* bytes, size_t size) {
  return fuzz::try_parse(bytes, size, [](std::string_view content) {
    const auto file = data::hdf5::File::open(fuzz::file_with(content, "input.h5"));
    fuzz::try_parse([&] { file.text_attribute("stage"); });
    fuzz::try_parse([&] { file.integer_attribute("step"); });
    fuzz::try_parse([&] { file.real_attribute("seconds"); });
    read_all(file, 0);
  });
}
