#include "triad/data/formats/folder_lock.h"

#include <csignal>
#include <optional>

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/harness/data_path.h"
#include "tests/harness/message_of.h"
#include "triad/core/base/error.h"

namespace triad::data {
namespace {

TEST(FolderLock, IsHadByOneAtATime) {
  const harness::TempFolder folder;
  std::optional<FolderLock> first(folder.path());
  EXPECT_EQ(harness::message_of<IoError>([&] { FolderLock{folder.path()}; }),
            "lock: " + folder.path().string() +
                " is being written by another process\n  hint: wait until it is done, or choose another folder");
  first.reset();
  EXPECT_TRUE(std::filesystem::is_empty(folder.path()));
  FolderLock{folder.path()};
}

TEST(FolderLock, GoesWithAProcessThatIsKilled) {
  const harness::TempFolder folder;
  int ready[2];
  ASSERT_EQ(pipe(ready), 0);
  const pid_t child = fork();
  if (child == 0) {
    const FolderLock lock(folder.path());
    [[maybe_unused]] const ssize_t written = write(ready[1], "x", 1);
    pause();
  }
  char byte;
  ASSERT_EQ(read(ready[0], &byte, 1), 1);
  EXPECT_THROW(FolderLock{folder.path()}, IoError);
  kill(child, SIGKILL);
  waitpid(child, nullptr, 0);
  FolderLock{folder.path()};
}

}  // namespace
}  // namespace triad::data
