#include "triad/data/formats/durable_file.h"

#include <cerrno>
#include <cstring>
#include <system_error>
#include <vector>

#include <fcntl.h>
#include <unistd.h>
#include <zlib.h>

#include "triad/core/base/error.h"

namespace triad::data {
namespace {

/// A file descriptor that closes itself.
class Descriptor {
 public:
  Descriptor(const std::filesystem::path& path, int flags)
      : path_(path), fd_(::open(path.c_str(), flags | O_CLOEXEC, 0644)) {
    require<IoError>(fd_ >= 0, "file", "cannot open ", path.string(), ": ", std::strerror(errno));
  }
  ~Descriptor() {
    if (fd_ >= 0) ::close(fd_);
  }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;

  void write(std::string_view bytes) {
    while (!bytes.empty()) {
      const ssize_t n = ::write(fd_, bytes.data(), bytes.size());
      if (n < 0 && errno == EINTR) continue;
      require<IoError>(n > 0, "file", "cannot write ", path_.string(), ": ", std::strerror(errno));
      bytes.remove_prefix(static_cast<size_t>(n));
    }
  }
  /// Bytes read into `buffer`; 0 at the end of the file.
  size_t read(char* buffer, size_t size) {
    for (;;) {
      const ssize_t n = ::read(fd_, buffer, size);
      if (n >= 0) return static_cast<size_t>(n);
      require<IoError>(errno == EINTR, "file", "cannot read ", path_.string(), ": ", std::strerror(errno));
    }
  }
  void sync() {
    require<IoError>(::fsync(fd_) == 0, "file", "cannot sync ", path_.string(), ": ", std::strerror(errno));
  }
  /// Some file systems report a failed write only here.
  void close() {
    const int fd = fd_;
    fd_ = -1;
    require<IoError>(::close(fd) == 0, "file", "cannot close ", path_.string(), ": ", std::strerror(errno));
  }

 private:
  std::filesystem::path path_;
  int fd_;
};

}  // namespace

StagedFile::StagedFile(std::filesystem::path path) : path_(std::move(path)), temporary_(path_) {
  temporary_ += ".partial";
  std::error_code ignored;
  std::filesystem::remove(temporary_, ignored);  // what an interrupted run left
}

StagedFile::~StagedFile() {
  std::error_code ignored;
  if (!published_) std::filesystem::remove(temporary_, ignored);
}

void StagedFile::publish() {
  Descriptor content(temporary_, O_RDONLY);
  content.sync();
  content.close();
  std::error_code error;
  std::filesystem::rename(temporary_, path_, error);
  require<IoError>(!error, "file", "cannot rename ", temporary_.string(), " to ", path_.string(), ": ",
                   error.message());
  published_ = true;
  Descriptor(path_.has_parent_path() ? path_.parent_path() : ".", O_RDONLY | O_DIRECTORY).sync();
}

void write_durably(const std::filesystem::path& path, std::string_view content) {
  StagedFile staged(path);
  Descriptor file(staged.temporary_path(), O_WRONLY | O_CREAT | O_EXCL);
  file.write(content);
  file.close();
  staged.publish();
}

std::string read_whole_file(const std::filesystem::path& path, int64_t limit) {
  Descriptor file(path, O_RDONLY);
  std::string content;
  std::vector<char> buffer(1 << 16);
  while (const size_t n = file.read(buffer.data(), buffer.size())) {
    content.append(buffer.data(), n);
    require<IoError>(static_cast<int64_t>(content.size()) <= limit, "file", path.string(), " has more than ", limit,
                     " bytes, which is too long for what it should be");
  }
  return content;
}

uint32_t crc32_of(std::string_view bytes, uint32_t before) {
  return static_cast<uint32_t>(crc32_z(before, reinterpret_cast<const Bytef*>(bytes.data()), bytes.size()));
}

FileDigest digest_of_file(const std::filesystem::path& path) {
  Descriptor file(path, O_RDONLY);
  FileDigest digest;
  std::vector<char> buffer(1 << 18);
  while (const size_t n = file.read(buffer.data(), buffer.size())) {
    digest.crc32 = crc32_of({buffer.data(), n}, digest.crc32);
    digest.bytes += static_cast<int64_t>(n);
  }
  return digest;
}

}  // namespace triad::data
