// Damage to files, and a disk that is full.
#pragma once

#include <csignal>
#include <cstddef>
#include <exception>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <string>
#include <string_view>

#include <gtest/gtest.h>
#include <sys/resource.h>

#include "triad/core/base/error.h"
#include "triad/core/base/philox.h"

namespace triad::harness {

inline void write_file(const std::filesystem::path& path, std::string_view bytes) {
  std::ofstream(path, std::ios::binary).write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
}

inline std::string read_file(const std::filesystem::path& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

/// While it lives, no file of this process can grow beyond `bytes`: writing fails as on a full disk.
class FullDisk {
 public:
  explicit FullDisk(size_t bytes) : handler_(std::signal(SIGXFSZ, SIG_IGN)) {
    getrlimit(RLIMIT_FSIZE, &before_);
    const rlimit now{bytes, before_.rlim_max};
    setrlimit(RLIMIT_FSIZE, &now);
  }
  ~FullDisk() {
    setrlimit(RLIMIT_FSIZE, &before_);
    std::signal(SIGXFSZ, handler_);
    std::cerr.clear();  // it may go to a file that is longer than the limit was
    std::cout.clear();
  }
  FullDisk(const FullDisk&) = delete;
  FullDisk& operator=(const FullDisk&) = delete;

 private:
  void (*handler_)(int);
  rlimit before_{};
};

/// Calls read(bytes) with every file that `good` becomes when it is cut off (at up to 300 places) and when up to eight
/// bytes of it change (`changes` times). read may succeed or throw IoError; anything else fails the test. Returns how
/// often it threw.
template <class F>
int survives_damage(const std::string& good, int changes, F&& read) {
  int refused = 0;
  const auto attempt = [&](const std::string& bytes, const std::string& what) {
    try {
      read(bytes);
    } catch (const IoError&) {
      ++refused;
    } catch (const std::exception& e) {
      ADD_FAILURE() << what << ": " << e.what();
    }
  };
  const size_t step = good.size() / 300 + 1;
  for (size_t length = 0; length < good.size(); length += step)
    attempt(good.substr(0, length), "cut " + std::to_string(length));
  for (int i = 0; i < changes; ++i) {
    RandomStream random(RandomKey{.seed = 99, .step = static_cast<uint32_t>(i)});
    std::string bytes = good;
    const uint32_t edits = 1 + random.bits() % 8;
    for (uint32_t e = 0; e < edits && !bytes.empty(); ++e) {
      // Half of them near the beginning, where formats keep their sizes.
      const size_t range = random.bits() % 2 ? bytes.size() : std::min<size_t>(bytes.size(), 256);
      bytes[random.bits() % range] = static_cast<char>(random.bits());
    }
    attempt(bytes, "change " + std::to_string(i));
  }
  return refused;
}

}  // namespace triad::harness
