#include "triad/bench/measure/caches.h"

#include <gtest/gtest.h>

#include "tests/harness/damage.h"
#include "tests/harness/data_path.h"

namespace triad::bench {
namespace {

TEST(Caches, TheLastOneOfAProcessorCounts) {
  const harness::TempFolder folder;
  const auto write = [&](const std::string& index, const std::string& level, const std::string& size) {
    std::filesystem::create_directories(folder / "cache" / index);
    harness::write_file((folder / "cache" / index / "level").string(), level + "\n");
    harness::write_file((folder / "cache" / index / "size").string(), size + "\n");
  };
  EXPECT_EQ(last_cache_bytes(folder.path()), 32'000'000);
  write("index0", "1", "48K");
  write("index1", "1", "32K");
  write("index2", "2", "1024K");
  write("index3", "3", "32768K");
  EXPECT_EQ(last_cache_bytes(folder.path()), 32768 * 1024);
}

TEST(Caches, OfThisMachineAreOfASensibleSize) {
  EXPECT_GE(last_cache_bytes(), 256 * 1024);
  EXPECT_LE(last_cache_bytes(), int64_t{2} << 30);
}

}  // namespace
}  // namespace triad::bench
