#include "triad/data/formats/idx.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <memory>

#include <zlib.h>

#include "triad/core/base/error.h"
#include "triad/data/formats/file.h"

namespace triad::data {
namespace {

constexpr uint8_t kUnsignedBytes = 0x08;
/// Larger arrays are damage. Memory grows with what is read, not with what the header claims.
constexpr int64_t kMaxBytes = int64_t{1} << 32;
constexpr size_t kStep = size_t{1} << 20;

class GzipFile {
 public:
  explicit GzipFile(const std::filesystem::path& path)
      : path_(RegularFile(path).path().string()), file_(gzopen(path.c_str(), "rb"), gzclose) {
    require<IoError>(file_ != nullptr, "idx", "cannot open ", path_, ": ", std::strerror(errno));
  }

  /// Reads up to `size` bytes; fewer only at the end of the file.
  size_t read(uint8_t* out, size_t size) {
    size_t done = 0;
    while (done < size) {
      const int n = gzread(file_.get(), out + done, static_cast<unsigned>(std::min(size - done, kStep)));
      int code = Z_OK;
      const char* cause = gzerror(file_.get(), &code);
      require<IoError>(n >= 0 && (code == Z_OK || code == Z_STREAM_END), "idx", path_, ": ",
                       code == Z_ERRNO ? std::strerror(errno) : cause);
      if (n == 0) break;
      done += static_cast<size_t>(n);
    }
    return done;
  }

 private:
  std::string path_;
  std::unique_ptr<gzFile_s, int (*)(gzFile)> file_;
};

}  // namespace

IdxArray read_idx(const std::filesystem::path& path) {
  GzipFile file(path);
  const std::string name = path.string();
  std::array<uint8_t, 4> magic{};
  require<IoError>(file.read(magic.data(), 4) == 4 && magic[0] == 0 && magic[1] == 0, "idx", name,
                   " is not an IDX file");
  require<IoError>(magic[2] == kUnsignedBytes, "idx", name, " holds elements of kind ", int{magic[2]}, ", expected ",
                   int{kUnsignedBytes}, ", unsigned bytes");
  require<IoError>(magic[3] >= 1 && magic[3] <= kMaxRank, "idx", name, " has ", int{magic[3]}, " axes, expected 1 to ",
                   kMaxRank);
  IdxArray array;
  int64_t bytes = 1;
  for (int axis = 0; axis < magic[3]; ++axis) {
    std::array<uint8_t, 4> big{};
    require<IoError>(file.read(big.data(), 4) == 4, "idx", name, " ends in its header");
    array.shape.push_back(int64_t{big[0]} << 24 | int64_t{big[1]} << 16 | int64_t{big[2]} << 8 | big[3]);
    require<IoError>(!__builtin_mul_overflow(bytes, array.shape.back(), &bytes) && bytes <= kMaxBytes, "idx", name,
                     " claims shape ", array.shape, " and more");
  }
  while (static_cast<int64_t>(array.values.size()) < bytes) {
    const size_t before = array.values.size(), wanted = std::min(kStep, static_cast<size_t>(bytes) - before);
    array.values.resize(before + wanted);
    const size_t got = file.read(array.values.data() + before, wanted);
    require<IoError>(got == wanted, "idx", name, " ends after ", before + got, " of the ", bytes, " bytes of shape ",
                     array.shape);
  }
  uint8_t more = 0;
  require<IoError>(file.read(&more, 1) == 0, "idx", name, " has more than the ", bytes, " bytes of shape ",
                   array.shape);
  return array;
}

}  // namespace triad::data
