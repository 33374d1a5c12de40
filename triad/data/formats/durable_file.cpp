#include "triad/data/formats/durable_file.h"

#include <system_error>
#include <vector>

#include <fcntl.h>
#include <zlib.h>

#include "triad/core/base/error.h"

namespace triad::data {

namespace {

/// The file itself, where `path` is a link to it: the link stays.
std::filesystem::path behind_links(const std::filesystem::path& path) {
  std::error_code error;
  if (!std::filesystem::is_symlink(path, error)) return path;
  const std::filesystem::path target = std::filesystem::weakly_canonical(path, error);
  return error ? path : target;
}

}  // namespace

StagedFile::StagedFile(std::filesystem::path path) : path_(behind_links(path)), temporary_(path_) {
  temporary_ += ".partial";
  std::error_code ignored;
  require<IoError>(!std::filesystem::is_directory(path_, ignored), "file", "cannot write ", path_.string(),
                   ": it is a folder");
  require<IoError>(!std::filesystem::exists(path_, ignored) || std::filesystem::is_regular_file(path_, ignored), "file",
                   "cannot write ", path_.string(), ": it is a device or a pipe, which a file would replace");
  std::filesystem::remove(temporary_, ignored);  // what an interrupted run left
}

StagedFile::~StagedFile() {
  std::error_code ignored;
  if (!published_) std::filesystem::remove(temporary_, ignored);
}

void StagedFile::publish() {
  File content(temporary_, O_RDONLY);
  content.sync();
  content.close();
  std::error_code error;
  std::filesystem::rename(temporary_, path_, error);
  require<IoError>(!error, "file", "cannot rename ", temporary_.string(), " to ", path_.string(), ": ",
                   error.message());
  published_ = true;
  File(path_.has_parent_path() ? path_.parent_path() : ".", O_RDONLY | O_DIRECTORY).sync();
}

StagedWriter::StagedWriter(const std::filesystem::path& path)
    : staged_(path), file_(staged_.temporary_path(), O_WRONLY | O_CREAT | O_EXCL) {}

void StagedWriter::publish() {
  file_.close();
  staged_.publish();
}

void write_durably(const std::filesystem::path& path, std::string_view content) {
  StagedWriter writer(path);
  writer.write(content);
  writer.publish();
}

std::string read_whole_file(const std::filesystem::path& path, int64_t limit) {
  RegularFile file(path);
  std::string content;
  std::vector<std::byte> buffer(1 << 16);
  while (const size_t n = file.read(buffer)) {
    content.append(reinterpret_cast<const char*>(buffer.data()), n);
    require<IoError>(static_cast<int64_t>(content.size()) <= limit, "file", path.string(), " has more than ", limit,
                     " bytes, which is too long for what it should be");
  }
  return content;
}

uint32_t crc32_of(std::string_view bytes, uint32_t before) {
  return static_cast<uint32_t>(crc32_z(before, reinterpret_cast<const Bytef*>(bytes.data()), bytes.size()));
}

FileDigest digest_of_file(const std::filesystem::path& path) {
  RegularFile file(path);
  FileDigest digest;
  std::vector<std::byte> buffer(1 << 18);
  while (const size_t n = file.read(buffer)) {
    digest.crc32 = crc32_of({reinterpret_cast<const char*>(buffer.data()), n}, digest.crc32);
    digest.bytes += static_cast<int64_t>(n);
  }
  return digest;
}

void seal(const std::filesystem::path& path) {
  const uint32_t crc = digest_of_file(path).crc32;
  std::string bytes;
  for (int i = 0; i < 4; ++i) bytes += static_cast<char>(crc >> (8 * i));
  File file(path, O_WRONLY | O_APPEND);
  file.write(bytes);
  file.close();
}

void check_seal(const std::filesystem::path& path) {
  // A CRC is the remainder of a division: with the remainder itself behind the bytes, lowest byte first, it is this
  // constant whatever the bytes are.
  constexpr uint32_t kSealed = 0x2144DF1C;
  require<IoError>(digest_of_file(path).crc32 == kSealed, "file", path.string(),
                   " is damaged: its checksum does not hold, or was cut off");
}

}  // namespace triad::data
