#include "triad/data/formats/folder_lock.h"

#include <system_error>

#include <fcntl.h>

#include "triad/core/base/error.h"

namespace triad::data {

FolderLock::FolderLock(const std::filesystem::path& folder) : path_(folder / kLockName) {
  do {
    file_.emplace(path_, O_RDWR | O_CREAT);
    require<IoError>(file_->try_lock(), "lock", folder.string(), " is being written by another process",
                     Hint{"wait until it is done, or choose another folder"});
  } while (!file_->is_in_place());  // who had it before may have removed the file since it was opened here
}

FolderLock::~FolderLock() {
  std::error_code ignored;
  std::filesystem::remove(path_, ignored);
}

}  // namespace triad::data
