#include "triad/data/formats/jpeg.h"

#include <algorithm>
#include <csetjmp>
#include <cstdio>
#include <vector>

#include <jpeglib.h>

#include "triad/core/base/error.h"

namespace triad::data {
namespace {

/// A block of 8 x 8 values takes at least a bit, and the least that a picture needs is one block for 4 x 8 x 8 pixels.
constexpr int64_t kMostPixelsPerByte = 8 * 4 * 64;
/// What encoders write has about ten; thousands of empty ones keep a decoder busy for hours.
constexpr int kMostScans = 200;

/// libjpeg reports errors by leaping back to run(): what run() calls keeps no object with a destructor of its own.
class JpegReader {
 public:
  explicit JpegReader(std::string_view bytes) {
    info_.err = jpeg_std_error(&errors_);
    errors_.error_exit = &JpegReader::on_error;
    errors_.emit_message = [](j_common_ptr info, int level) {
      if (level < 0) on_error(info);  // a warning
    };
    info_.client_data = this;
    progress_.progress_monitor = &JpegReader::on_progress;
    const bool made = run([&](jpeg_decompress_struct* info) {
      jpeg_create_decompress(info);
      jpeg_mem_src(info, reinterpret_cast<const unsigned char*>(bytes.data()), bytes.size());
    });
    if (!made) throw std::bad_alloc();
    info_.progress = &progress_;
  }
  ~JpegReader() { jpeg_destroy_decompress(&info_); }
  JpegReader(const JpegReader&) = delete;
  JpegReader& operator=(const JpegReader&) = delete;

  /// step(&info). False if libjpeg found a fault, which message() then tells; no step may follow.
  template <class F>
  bool run(const F& step) {
    if (setjmp(leap_) != 0) return false;
    step(&info_);
    return true;
  }
  const char* message() const { return message_; }
  const jpeg_decompress_struct& info() const { return info_; }

 private:
  static JpegReader& self_of(j_common_ptr info) { return *static_cast<JpegReader*>(info->client_data); }
  [[noreturn]] static void on_error(j_common_ptr info) {
    JpegReader& self = self_of(info);
    if (self.message_[0] == '\0') info->err->format_message(info, self.message_);
    std::longjmp(self.leap_, 1);
  }
  static void on_progress(j_common_ptr info) {
    JpegReader& self = self_of(info);
    if (self.info_.input_scan_number <= kMostScans) return;
    std::snprintf(self.message_, sizeof self.message_, "more than %d scans", kMostScans);
    on_error(info);
  }

  jpeg_decompress_struct info_{};
  jpeg_error_mgr errors_{};
  jpeg_progress_mgr progress_{};
  char message_[JMSG_LENGTH_MAX] = {};
  std::jmp_buf leap_;
};

/// Ink to light. Adobe's programs store 255 for no ink, and say so by their marker.
void rgb_from_cmyk(std::vector<uint8_t>& pixels, bool inverted) {
  const unsigned flip = inverted ? 0 : 255;
  for (size_t i = 0; i < pixels.size() / 4; ++i) {
    const unsigned light = pixels[4 * i + 3] ^ flip;
    for (size_t c = 0; c < 3; ++c) {
      pixels[3 * i + c] = static_cast<uint8_t>(((pixels[4 * i + c] ^ flip) * light + 127) / 255);
    }
  }
  pixels.resize(pixels.size() / 4 * 3);
}

}  // namespace

bool looks_like_jpeg(std::string_view bytes) { return bytes.starts_with("\xff\xd8\xff"); }

Image decode_jpeg(std::string_view bytes, const std::string& source) {
  require<IoError>(looks_like_jpeg(bytes), "jpeg", source, " does not begin as a JPEG file does");
  JpegReader reader(bytes);
  const bool has_header = reader.run([](jpeg_decompress_struct* info) { jpeg_read_header(info, TRUE); });
  require<IoError>(has_header, "jpeg", source, ": ", reader.message());
  const int64_t width = reader.info().image_width, height = reader.info().image_height;
  require<IoError>(width * height <= kMaxPixels, "jpeg", source, " has ", width, " x ", height, " pixels, at most ",
                   kMaxPixels, " are read");
  require<IoError>(width * height / kMostPixelsPerByte <= static_cast<int64_t>(bytes.size()), "jpeg", source,
                   " is cut off: its ", bytes.size(), " bytes cannot hold ", width, " x ", height, " pixels");

  const bool started = reader.run([](jpeg_decompress_struct* info) {
    info->out_color_space = info->jpeg_color_space == JCS_GRAYSCALE ? JCS_GRAYSCALE
                            : info->num_components == 4             ? JCS_CMYK
                                                                    : JCS_RGB;
    info->dct_method = JDCT_ISLOW;
    jpeg_start_decompress(info);
  });
  require<IoError>(started, "jpeg", source, ": ", reader.message());

  const int components = reader.info().output_components;
  const size_t row_bytes = static_cast<size_t>(width) * static_cast<size_t>(components);
  Image image{static_cast<int>(height), static_cast<int>(width), components == 1 ? 1 : 3, {}};
  image.pixels.resize(row_bytes * static_cast<size_t>(height));
  const bool done = reader.run([&](jpeg_decompress_struct* info) {
    while (info->output_scanline < info->output_height) {
      JSAMPROW row = image.pixels.data() + info->output_scanline * row_bytes;
      jpeg_read_scanlines(info, &row, 1);
    }
    jpeg_finish_decompress(info);
  });
  require<IoError>(done, "jpeg", source, ": ", reader.message(), ", at row ", reader.info().output_scanline, " of ",
                   height);
  if (components == 4) rgb_from_cmyk(image.pixels, reader.info().saw_Adobe_marker);
  return image;
}

}  // namespace triad::data
