#include <algorithm>

#include "tests/fuzz/fuzz.h"
#include "triad/data/build/digit_sources.h"

/// A folder with one clip, whose name the input is.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  return triad::fuzz::try_parse(data, size, [](std::string_view bytes) {
    std::string name(bytes.substr(0, 200));
    std::ranges::replace_if(name, [](char c) { return c == '/' || c == '\0'; }, '_');
    const auto path = triad::fuzz::file_with(
        std::string_view("RIFF\x26\0\0\0WAVEfmt \x10\0\0\0\1\0\1\0\x40\x1f\0\0\x80\x3e\0\0\2\0\x10\0data\2\0\0\0ab",
                         46),
        name);
    const triad::fuzz::Removed after(path);
    const auto clips = triad::data::read_digit_clips(path.parent_path(), 8000);
    if (clips.entries.size() != 1 || clips.entries[0].digit > 9 || clips.speakers.size() != 1) std::abort();
  });
}
