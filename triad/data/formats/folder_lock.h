// A folder that one process at a time may write in.
#pragma once

#include <filesystem>
#include <optional>

#include "triad/data/formats/file.h"

namespace triad::data {

/// While it lives, no other FolderLock of the same folder can be had, in this process or another. It is a lock on the file
/// ".lock" in the folder, which goes with it; the kernel lets go of that of a process that dies, and the next one takes the
/// file over. On a file system that knows no locks, nothing is kept out.
class FolderLock {
 public:
  /// IoError naming the folder if it is taken, or cannot be written in.
  explicit FolderLock(const std::filesystem::path& folder);
  ~FolderLock();
  FolderLock(const FolderLock&) = delete;
  FolderLock& operator=(const FolderLock&) = delete;

 private:
  std::filesystem::path path_;
  std::optional<File> file_;
};

/// Name of the file that is locked.
inline constexpr const char* kLockName = ".lock";

}  // namespace triad::data
