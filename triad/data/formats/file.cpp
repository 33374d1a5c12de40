#include "triad/data/formats/file.h"

#include <cerrno>
#include <cstring>

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "triad/core/base/error.h"

namespace triad::data {

File::File(std::filesystem::path path, int flags)
    : path_(std::move(path)), fd_(::open(path_.c_str(), flags | O_CLOEXEC, 0644)) {
  require<IoError>(fd_ >= 0, "file", "cannot open ", path_.string(), ": ", std::strerror(errno));
}

File::~File() {
  if (fd_ >= 0) ::close(fd_);
}

int64_t File::size() const {
  struct stat status{};
  require<IoError>(::fstat(fd_, &status) == 0, "file", "cannot ask about ", path_.string(), ": ", std::strerror(errno));
  require<IoError>(S_ISREG(status.st_mode), "file", path_.string(), " is not a regular file");
  return status.st_size;
}

size_t File::read(std::span<std::byte> buffer) {
  for (;;) {
    const ssize_t n = ::read(fd_, buffer.data(), buffer.size());
    if (n >= 0) return static_cast<size_t>(n);
    require<IoError>(errno == EINTR, "file", "cannot read ", path_.string(), ": ", std::strerror(errno));
  }
}

void File::read_at(int64_t offset, std::span<std::byte> buffer) const {
  while (!buffer.empty()) {
    const ssize_t n = ::pread(fd_, buffer.data(), buffer.size(), offset);
    if (n < 0 && errno == EINTR) continue;
    require<IoError>(n >= 0, "file", "cannot read ", path_.string(), ": ", std::strerror(errno));
    require<IoError>(n > 0, "file", path_.string(), " ends at byte ", offset, ", expected ", buffer.size(), " more");
    buffer = buffer.subspan(static_cast<size_t>(n));
    offset += n;
  }
}

void File::write(std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t n = ::write(fd_, bytes.data(), bytes.size());
    if (n < 0 && errno == EINTR) continue;
    require<IoError>(n > 0, "file", "cannot write ", path_.string(), ": ", std::strerror(errno));
    bytes.remove_prefix(static_cast<size_t>(n));
  }
}

void File::sync() {
  require<IoError>(::fsync(fd_) == 0, "file", "cannot sync ", path_.string(), ": ", std::strerror(errno));
}

bool File::try_lock() const { return ::flock(fd_, LOCK_EX | LOCK_NB) == 0 || errno != EWOULDBLOCK; }

bool File::is_in_place() const {
  struct stat here{}, there{};
  return ::fstat(fd_, &here) == 0 && ::stat(path_.c_str(), &there) == 0 && here.st_dev == there.st_dev &&
         here.st_ino == there.st_ino;
}

void File::close() {
  const int fd = fd_;
  fd_ = -1;
  require<IoError>(::close(fd) == 0, "file", "cannot close ", path_.string(), ": ", std::strerror(errno));
}

RegularFile::RegularFile(std::filesystem::path path) : File(std::move(path), O_RDONLY | O_NONBLOCK) { size(); }

}  // namespace triad::data
