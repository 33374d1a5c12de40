// Where tests find files: real data sets, golden files, and a scratch folder.
#pragma once

#include <filesystem>
#include <string_view>

namespace triad::harness {

/// `relative` below the folder $TRIAD_DATA, else below <repository>/../shared/data; empty when it is in neither.
/// A test whose data is missing skips and says which:
///     const auto mnist = data_path("mnist");
///     if (mnist.empty()) GTEST_SKIP() << "no data set mnist";
std::filesystem::path data_path(std::string_view relative);

/// A golden file: `relative` below tests/golden of this repository. scripts/golden makes them.
std::filesystem::path golden_path(std::string_view relative);

/// A fresh folder in the system's temporary folder, removed with everything in it when the object goes.
class TempFolder {
 public:
  TempFolder();
  ~TempFolder();
  TempFolder(const TempFolder&) = delete;
  TempFolder& operator=(const TempFolder&) = delete;

  const std::filesystem::path& path() const { return path_; }
  std::filesystem::path operator/(std::string_view name) const { return path_ / name; }

 private:
  std::filesystem::path path_;
};

}  // namespace triad::harness
