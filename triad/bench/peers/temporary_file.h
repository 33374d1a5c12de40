// A file that two programs exchange tensors through.
#pragma once

#include <filesystem>
#include <string_view>
#include <system_error>

#include <unistd.h>

#include "triad/core/base/error.h"

namespace triad::bench {

/// A name in the folder for temporary files, of this process alone; removed at the end.
class TemporaryFile {
 public:
  explicit TemporaryFile(std::string_view name)
      : path_(std::filesystem::temp_directory_path() / str(::getpid(), "-", name)) {}
  ~TemporaryFile() {
    std::error_code ignored;
    std::filesystem::remove(path_, ignored);
  }
  TemporaryFile(const TemporaryFile&) = delete;
  TemporaryFile& operator=(const TemporaryFile&) = delete;

  const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
};

}  // namespace triad::bench
