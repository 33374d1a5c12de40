#include <filesystem>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include "tests/harness/damage.h"
#include "tests/harness/data_path.h"
#include "tests/harness/message_of.h"
#include "triad/data/formats/durable_file.h"

namespace triad::data {
namespace {

TEST(StagedFile, ALinkStaysAndItsFileIsWritten) {
  const harness::TempFolder folder;
  harness::write_file((folder / "real").string(), "old");
  std::filesystem::create_symlink(folder / "real", folder / "link");
  write_durably(folder / "link", "new");
  EXPECT_TRUE(std::filesystem::is_symlink(folder / "link"));
  EXPECT_EQ(harness::read_file(folder / "real"), "new");
}

TEST(StagedFile, APipeIsNotReplacedByAFile) {
  const harness::TempFolder folder;
  ASSERT_EQ(::mkfifo((folder / "pipe").c_str(), 0600), 0);
  for (const std::filesystem::path& path : {folder / "pipe", std::filesystem::path("/dev/null")}) {
    EXPECT_THAT(harness::message_of<IoError>([&] { write_durably(path, "text"); }),
                testing::HasSubstr("cannot write " + path.string() + ": it is a device or a pipe"));
    EXPECT_FALSE(std::filesystem::is_regular_file(path));
  }
}

}  // namespace
}  // namespace triad::data
