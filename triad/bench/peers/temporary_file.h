// A file that two programs exchange tensors through.
#pragma once

#include <filesystem>
#include <string_view>

namespace triad::bench {

/// A name in the folder for temporary files that nobody can guess; removed at the end, and where SIGINT, SIGTERM or SIGHUP ends
/// the program.
class TemporaryFile {
 public:
  explicit TemporaryFile(std::string_view name);
  ~TemporaryFile();
  TemporaryFile(const TemporaryFile&) = delete;
  TemporaryFile& operator=(const TemporaryFile&) = delete;

  const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
  size_t place_;  ///< among those that a signal removes
};

}  // namespace triad::bench
