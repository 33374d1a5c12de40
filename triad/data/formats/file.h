// An open file.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <span>
#include <string_view>

namespace triad::data {

/// A file descriptor that closes itself. Every failure is an IoError naming the file and what the system says.
class File {
 public:
  /// `flags` as for open(2); a file it makes is readable for everybody.
  File(std::filesystem::path path, int flags);
  ~File();
  File(const File&) = delete;
  File& operator=(const File&) = delete;

  const std::filesystem::path& path() const { return path_; }
  /// Bytes. IoError if this is no regular file (a folder, a pipe).
  int64_t size() const;

  /// Bytes read into `buffer`; 0 at the end of the file.
  size_t read(std::span<std::byte> buffer);
  /// Fills `buffer` from byte `offset` on. IoError naming the place if the file ends before.
  void read_at(int64_t offset, std::span<std::byte> buffer) const;
  void write(std::string_view bytes);
  void sync();
  /// Takes the lock on the file, which is held until it is closed; false if somebody else has it. True where the file system
  /// knows no locks.
  bool try_lock() const;
  /// Whether path() still is this file: it has been neither removed nor replaced.
  bool is_in_place() const;
  /// Some file systems report a failed write only here.
  void close();

 private:
  std::filesystem::path path_;
  int fd_;
};

/// A file to be read. IoError at once if it is no regular one: a pipe might never end, nor even open.
class RegularFile : public File {
 public:
  explicit RegularFile(std::filesystem::path path);
};

}  // namespace triad::data
