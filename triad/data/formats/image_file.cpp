#include "triad/data/formats/image_file.h"

#include "triad/core/base/error.h"
#include "triad/data/formats/durable_file.h"
#include "triad/data/formats/jpeg.h"
#include "triad/data/formats/png.h"

namespace triad::data {

Image read_image(const std::filesystem::path& path) {
  constexpr int64_t kMaxBytes = int64_t{1} << 30;
  return decode_image(read_whole_file(path, kMaxBytes), path.string());
}

Image decode_image(std::string_view bytes, const std::string& source) {
  require<IoError>(!bytes.empty(), "image", source, " is empty");
  if (looks_like_png(bytes)) return decode_png(bytes, source);
  if (looks_like_jpeg(bytes)) return decode_jpeg(bytes, source);
  fail<IoError>("image", source, " is neither a PNG nor a JPEG picture");
}

}  // namespace triad::data
