// What the fuzz targets share. A target hands bytes to a parser, which may succeed or throw a triad::Error; anything
// else, a crash, a sanitizer's report, memory without bound, another exception, is a fault. scripts/fuzz runs them.
#pragma once

#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>
#include <string_view>

#include <unistd.h>

#include "triad/core/base/error.h"

namespace triad::fuzz {

/// A file that holds `bytes`, in a folder of this process.
inline std::filesystem::path file_with(std::string_view bytes, std::string_view name) {
  static const std::filesystem::path folder = [] {
    std::string path = (std::filesystem::temp_directory_path() / "triad-fuzz-XXXXXX").string();
    if (!mkdtemp(path.data())) std::abort();
    return std::filesystem::path(path);
  }();
  const std::filesystem::path path = folder / name;
  std::ofstream(path, std::ios::binary | std::ios::trunc)
      .write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
  return path;
}

/// parse(bytes), where a triad::Error is as good as success.
template <class Parse>
int try_parse(const uint8_t* data, size_t size, const Parse& parse) {
  try {
    parse(std::string_view(reinterpret_cast<const char*>(data), size));
  } catch (const Error&) {
  }
  return 0;
}

}  // namespace triad::fuzz

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size);
