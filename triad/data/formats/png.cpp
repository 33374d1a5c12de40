#include "triad/data/formats/png.h"

#include <algorithm>
#include <csetjmp>
#include <cstring>
#include <vector>

#include <png.h>

#include "triad/core/base/error.h"

namespace triad::data {
namespace {

constexpr int kSignatureBytes = 8;
/// Deflate never makes more than 1032 bytes of one.
constexpr int64_t kMostInflation = 1032;
/// Bound on what one compressed text or profile may unpack to.
constexpr size_t kMaxChunkBytes = size_t{1} << 23;

/// libpng reports errors by leaping back to run(): what run() calls keeps no object with a destructor of its own.
class PngReader {
 public:
  explicit PngReader(std::string_view bytes) : rest_(bytes) {
    png_ =
        png_create_read_struct(PNG_LIBPNG_VER_STRING, this, &PngReader::on_error, [](png_structp, png_const_charp) {});
    if (png_) info_ = png_create_info_struct(png_);
    if (info_) return;
    png_destroy_read_struct(&png_, nullptr, nullptr);
    throw std::bad_alloc();
  }
  ~PngReader() { png_destroy_read_struct(&png_, &info_, nullptr); }
  PngReader(const PngReader&) = delete;
  PngReader& operator=(const PngReader&) = delete;

  /// step(png, info). False if libpng found a fault, which message() then tells; no step may follow.
  template <class F>
  bool run(const F& step) {
    if (setjmp(leap_) != 0) return false;
    step(png_, info_);
    return true;
  }
  const char* message() const { return message_; }

  static void on_read(png_structp png, png_bytep out, size_t size) {
    auto& self = *static_cast<PngReader*>(png_get_io_ptr(png));
    if (size > self.rest_.size()) png_error(png, "the file is cut off");
    std::memcpy(out, self.rest_.data(), size);
    self.rest_.remove_prefix(size);
  }

 private:
  [[noreturn]] static void on_error(png_structp png, png_const_charp text) {
    auto& self = *static_cast<PngReader*>(png_get_error_ptr(png));
    std::strncpy(self.message_, text, sizeof self.message_ - 1);
    std::longjmp(self.leap_, 1);
  }

  png_structp png_ = nullptr;
  png_infop info_ = nullptr;
  std::string_view rest_;
  char message_[200] = {};
  std::jmp_buf leap_;
};

/// From colours and a last channel of opacity to colours over white.
void lay_over_white(std::vector<uint8_t>& pixels, size_t channels) {
  const size_t colours = channels - 1, count = pixels.size() / channels;
  for (size_t i = 0; i < count; ++i) {
    const unsigned opacity = pixels[i * channels + colours];
    for (size_t c = 0; c < colours; ++c) {
      const unsigned over = pixels[i * channels + c] * opacity + 255 * (255 - opacity);
      pixels[i * colours + c] = static_cast<uint8_t>((over + 127) / 255);
    }
  }
  pixels.resize(count * colours);
}

}  // namespace

bool looks_like_png(std::string_view bytes) {
  return bytes.size() >= kSignatureBytes &&
         png_sig_cmp(reinterpret_cast<png_const_bytep>(bytes.data()), 0, kSignatureBytes) == 0;
}

Image decode_png(std::string_view bytes, const std::string& source) {
  require<IoError>(looks_like_png(bytes), "png", source, " does not begin as a PNG file does");
  PngReader reader(bytes);
  struct {
    png_uint_32 width, height;
    size_t row_bytes, channels;
    int passes;
  } found{};

  const auto read_header = [&](png_structp png, png_infop info) {
    png_set_read_fn(png, &reader, &PngReader::on_read);
    png_set_user_limits(png, PNG_UINT_31_MAX, PNG_UINT_31_MAX);
    png_set_chunk_malloc_max(png, kMaxChunkBytes);
    png_read_info(png, info);
    found = {png_get_image_width(png, info), png_get_image_height(png, info), png_get_rowbytes(png, info), 0, 0};
  };
  require<IoError>(reader.run(read_header), "png", source, ": ", reader.message());
  require<IoError>(int64_t{found.width} * found.height <= kMaxPixels, "png", source, " has ", found.width, " x ",
                   found.height, " pixels, at most ", kMaxPixels, " are read");
  require<IoError>(
      static_cast<int64_t>(found.row_bytes) * found.height <= kMostInflation * static_cast<int64_t>(bytes.size()),
      "png", source, " is cut off: its ", bytes.size(), " bytes cannot hold ", found.width, " x ", found.height,
      " pixels");

  const auto choose_layout = [&](png_structp png, png_infop info) {
    png_set_expand(png);
    png_set_scale_16(png);
    found.passes = png_set_interlace_handling(png);
    png_read_update_info(png, info);
    found.row_bytes = png_get_rowbytes(png, info);
    found.channels = png_get_channels(png, info);
  };
  require<IoError>(reader.run(choose_layout), "png", source, ": ", reader.message());

  Image image{static_cast<int>(found.height), static_cast<int>(found.width), 0, {}};
  image.pixels.resize(found.row_bytes * found.height);
  const auto read_pixels = [&](png_structp png, png_infop) {
    for (int pass = 0; pass < found.passes; ++pass) {
      for (size_t y = 0; y < found.height; ++y) png_read_row(png, image.pixels.data() + y * found.row_bytes, nullptr);
    }
    png_read_end(png, nullptr);
  };
  require<IoError>(reader.run(read_pixels), "png", source, ": ", reader.message());
  if (found.channels % 2 == 0) lay_over_white(image.pixels, found.channels);
  image.channels = found.channels < 3 ? 1 : 3;
  return image;
}

std::string encode_png(const Image& image) {
  const size_t bytes =
      static_cast<size_t>(image.height) * static_cast<size_t>(image.width) * static_cast<size_t>(image.channels);
  require<ValueError>(image.height > 0 && image.width > 0 && (image.channels == 1 || image.channels == 3) &&
                          image.pixels.size() == bytes,
                      "png", "an image of ", image.height, " x ", image.width, " x ", image.channels, " with ",
                      image.pixels.size(), " bytes cannot be written", Hint{"1 or 3 channels, at least one pixel"});
  png_image header{};
  header.version = PNG_IMAGE_VERSION;
  header.width = static_cast<png_uint_32>(image.width);
  header.height = static_cast<png_uint_32>(image.height);
  header.format = image.channels == 1 ? PNG_FORMAT_GRAY : PNG_FORMAT_RGB;
  png_alloc_size_t size = PNG_IMAGE_PNG_SIZE_MAX(header);
  std::string out(size, '\0');
  const bool done = png_image_write_to_memory(&header, out.data(), &size, 0, image.pixels.data(), 0, nullptr) != 0;
  require<ValueError>(done, "png", "the image cannot be written: ", header.message);
  out.resize(size);
  return out;
}

}  // namespace triad::data
