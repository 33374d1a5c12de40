// Files that are either complete or not there: written under another name, synced, renamed.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>

#include "triad/data/formats/file.h"

namespace triad::data {

/// A file in the making. It grows under temporary_path(), "PATH.partial"; publish() makes it PATH, replacing what was
/// there, so that a reader sees the old content or the new and never a part of either. Goes without publish(): removed.
class StagedFile {
 public:
  /// IoError if there is a folder at PATH.
  explicit StagedFile(std::filesystem::path path);
  ~StagedFile();
  StagedFile(const StagedFile&) = delete;
  StagedFile& operator=(const StagedFile&) = delete;

  const std::filesystem::path& temporary_path() const { return temporary_; }
  /// Syncs the content, renames, syncs the folder. IoError if any of it fails; PATH is then untouched.
  void publish();

 private:
  std::filesystem::path path_, temporary_;
  bool published_ = false;
};

/// A StagedFile that is written from front to back.
class StagedWriter {
 public:
  explicit StagedWriter(const std::filesystem::path& path);
  /// Appends. IoError if the system refuses, as on a full disk.
  void write(std::string_view bytes) { file_.write(bytes); }
  void publish();

 private:
  StagedFile staged_;
  File file_;
};

/// `content` as the file `path`, by way of a StagedFile.
void write_durably(const std::filesystem::path& path, std::string_view content);

/// The whole file. IoError if it cannot be read or has more than `limit` bytes.
std::string read_whole_file(const std::filesystem::path& path, int64_t limit);

/// CRC-32 (zlib) of `bytes`, going on from `before`.
uint32_t crc32_of(std::string_view bytes, uint32_t before = 0);

/// Size and CRC-32 of a file.
struct FileDigest {
  int64_t bytes = 0;
  uint32_t crc32 = 0;

  friend bool operator==(const FileDigest&, const FileDigest&) = default;
};
/// IoError if the file cannot be read to its end.
FileDigest digest_of_file(const std::filesystem::path& path);

/// Appends the CRC-32 of a file to it, 4 bytes: it then tells by itself whether it is whole. IoError.
void seal(const std::filesystem::path& path);
/// IoError naming the file unless it is as seal() left it: nothing cut off, no bit changed.
void check_seal(const std::filesystem::path& path);

}  // namespace triad::data
