// What the fuzz targets share. A target hands bytes to a parser, which may succeed or throw a triad::Error; anything
// else, a crash, a sanitizer's report, memory without bound, another exception, is a fault. scripts/fuzz runs them.
#pragma once

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>

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

/// Removes a file when it goes.
struct Removed {
  explicit Removed(std::filesystem::path file) : path(std::move(file)) {}
  ~Removed() {
    std::error_code ignored;
    std::filesystem::remove(path, ignored);
  }
  std::filesystem::path path;
};

/// What is before the first NUL, and what is behind it.
inline std::pair<std::string_view, std::string_view> in_two(std::string_view bytes) {
  const size_t end = std::min(bytes.find('\0'), bytes.size());
  return {bytes.substr(0, end), bytes.substr(std::min(end + 1, bytes.size()))};
}

/// What step() returns, where a triad::Error is a fault too: of what the program wrote itself, or has accepted before.
template <class Step>
auto must_parse(const Step& step) {
  try {
    return step();
  } catch (const Error&) {
    std::abort();
  }
}

/// step(), where a triad::Error is as good as success.
template <class Step>
void try_parse(const Step& step) {
  try {
    step();
  } catch (const Error&) {
  }
}

/// The same of the bytes of an input; what a target returns.
template <class Parse>
int try_parse(const uint8_t* data, size_t size, const Parse& parse) {
  try_parse([&] { parse(std::string_view(reinterpret_cast<const char*>(data), size)); });
  return 0;
}

}  // namespace triad::fuzz

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size);
