// The two orders of pixels: channels together (files, Image) and channels apart (what encoders take).
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "triad/data/image/image.h"

namespace triad::data {

/// The bytes of an image as [channels, height, width].
inline std::vector<uint8_t> planes_of(const Image& image) {
  const size_t area = static_cast<size_t>(image.height) * static_cast<size_t>(image.width);
  const auto channels = static_cast<size_t>(image.channels);
  std::vector<uint8_t> planes(area * channels);
  for (size_t i = 0; i < area; ++i) {
    for (size_t c = 0; c < channels; ++c) planes[c * area + i] = image.pixels[i * channels + c];
  }
  return planes;
}

/// The image of bytes in the order [channels, height, width].
inline Image image_of(std::span<const uint8_t> planes, int channels, int height, int width) {
  Image image{height, width, channels, std::vector<uint8_t>(planes.size())};
  const size_t area = static_cast<size_t>(height) * static_cast<size_t>(width), count = static_cast<size_t>(channels);
  for (size_t i = 0; i < area; ++i) {
    for (size_t c = 0; c < count; ++c) image.pixels[i * count + c] = planes[c * area + i];
  }
  return image;
}

}  // namespace triad::data
