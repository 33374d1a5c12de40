// A picture in memory.
#pragma once

#include <cstdint>
#include <vector>

namespace triad::data {

/// The largest picture that readers accept, in pixels: 16 384 x 16 384.
inline constexpr int64_t kMaxPixels = int64_t{1} << 28;

/// Rows from the top, pixels from the left, channels together (HWC): the byte of (y, x, c) is
/// pixels[(y * width + x) * channels + c]. One channel is grey, three are R, G, B; sRGB, 0 to 255.
struct Image {
  int height = 0;
  int width = 0;
  int channels = 0;
  std::vector<uint8_t> pixels;

  friend bool operator==(const Image&, const Image&) = default;
};

}  // namespace triad::data
