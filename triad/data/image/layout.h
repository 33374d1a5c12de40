// The two orders of pixels: channels together (files, Image) and channels apart (what encoders take).
#pragma once

#include <cstdint>
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

}  // namespace triad::data
