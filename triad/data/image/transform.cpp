#include "triad/data/image/transform.h"

#include <algorithm>
#include <cmath>
#include <string_view>

#include "triad/core/base/error.h"

namespace triad::data {
namespace {

/// An output row or column: weights, with sum 1, of the inputs from `first` on.
struct Taps {
  int first = 0;
  std::vector<float> weights;
};

std::vector<Taps> taps_of(int size_in, int size_out) {
  const double scale = static_cast<double>(size_in) / size_out, reach = std::max(scale, 1.0);
  std::vector<Taps> all(static_cast<size_t>(size_out));
  for (int i = 0; i < size_out; ++i) {
    const double center = (i + 0.5) * scale;  // pixel x is centered at x + 0.5
    Taps& taps = all[static_cast<size_t>(i)];
    taps.first = std::max(0, static_cast<int>(std::floor(center - reach)));
    const int end = std::min(size_in, static_cast<int>(std::ceil(center + reach)));
    double sum = 0;
    std::vector<double> weights;
    for (int x = taps.first; x < end; ++x) {
      weights.push_back(std::max(0.0, 1 - std::abs(x + 0.5 - center) / reach));
      sum += weights.back();
    }
    for (const double weight : weights) taps.weights.push_back(static_cast<float>(weight / sum));
  }
  return all;
}

void check(std::string_view where, const Image& image) {
  const size_t bytes =
      static_cast<size_t>(image.height) * static_cast<size_t>(image.width) * static_cast<size_t>(image.channels);
  require<ValueError>(image.height > 0 && image.width > 0 && image.channels > 0 && image.pixels.size() == bytes, where,
                      "an image of ", image.height, " x ", image.width, " x ", image.channels, " with ",
                      image.pixels.size(), " bytes");
}

}  // namespace

Image resize(const Image& image, int height, int width) {
  check("resize", image);
  require<ValueError>(height > 0 && width > 0 && int64_t{height} * width <= kMaxPixels, "resize", "a size of ", height,
                      " x ", width, ", expected 1 to ", kMaxPixels, " pixels");
  if (height == image.height && width == image.width) return image;
  const auto channels = static_cast<size_t>(image.channels);
  const size_t row_in = static_cast<size_t>(image.width) * channels, row_out = static_cast<size_t>(width) * channels;
  const std::vector<Taps> down = taps_of(image.height, height), across = taps_of(image.width, width);
  Image result{height, width, image.channels, {}};
  result.pixels.resize(static_cast<size_t>(height) * row_out);
  // Row by row: first down the columns, then along the row, so that one row of floats is all it takes.
  std::vector<float> row(row_in);
  for (size_t y = 0; y < down.size(); ++y) {
    std::fill(row.begin(), row.end(), 0.0f);
    for (size_t k = 0; k < down[y].weights.size(); ++k) {
      const uint8_t* in = image.pixels.data() + (static_cast<size_t>(down[y].first) + k) * row_in;
      const float weight = down[y].weights[k];
      for (size_t i = 0; i < row_in; ++i) row[i] += weight * static_cast<float>(in[i]);
    }
    uint8_t* out = result.pixels.data() + y * row_out;
    for (const Taps& taps : across) {
      const float* from = row.data() + static_cast<size_t>(taps.first) * channels;
      for (size_t c = 0; c < channels; ++c) {
        float sum = 0;
        for (size_t k = 0; k < taps.weights.size(); ++k) sum += taps.weights[k] * from[k * channels + c];
        *out++ = static_cast<uint8_t>(std::clamp(sum + 0.5f, 0.0f, 255.0f));
      }
    }
  }
  return result;
}

Image crop(const Image& image, int top, int left, int height, int width) {
  check("crop", image);
  require<ValueError>(
      top >= 0 && left >= 0 && height > 0 && width > 0 && height <= image.height - top && width <= image.width - left,
      "crop", height, " x ", width, " pixels from (", top, ", ", left, ") on are not inside ", image.height, " x ",
      image.width);
  const auto channels = static_cast<size_t>(image.channels);
  Image result{height, width, image.channels, {}};
  result.pixels.reserve(static_cast<size_t>(height) * static_cast<size_t>(width) * channels);
  for (int y = top; y < top + height; ++y) {
    const size_t begin =
        (static_cast<size_t>(y) * static_cast<size_t>(image.width) + static_cast<size_t>(left)) * channels;
    const auto row = image.pixels.begin() + static_cast<std::ptrdiff_t>(begin);
    result.pixels.insert(result.pixels.end(), row,
                         row + static_cast<std::ptrdiff_t>(static_cast<size_t>(width) * channels));
  }
  return result;
}

Image resize_to_cover(const Image& image, int height, int width) {
  check("resize", image);
  require<ValueError>(height > 0 && width > 0, "resize", "a size of ", height, " x ", width);
  // The largest part of the shape height : width.
  const double scale = std::min(static_cast<double>(image.height) / height, static_cast<double>(image.width) / width);
  const auto part = [scale](int size, int most) {
    return std::clamp(static_cast<int>(std::lround(size * scale)), 1, most);
  };
  const int tall = part(height, image.height), wide = part(width, image.width);
  return resize(crop(image, (image.height - tall) / 2, (image.width - wide) / 2, tall, wide), height, width);
}

Image to_channels(const Image& image, int channels) {
  check("to_channels", image);
  const auto known = [](int n) { return n == 1 || n == 3; };
  require<ValueError>(known(channels) && known(image.channels), "to_channels", "from ", image.channels, " to ",
                      channels, " channels, expected 1 and 3");
  if (channels == image.channels) return image;
  Image result{image.height, image.width, channels, {}};
  const size_t count = image.pixels.size() / static_cast<size_t>(image.channels);
  result.pixels.reserve(count * static_cast<size_t>(channels));
  for (size_t i = 0; i < count; ++i) {
    if (channels == 3) {
      result.pixels.insert(result.pixels.end(), 3, image.pixels[i]);
    } else {
      const uint8_t* rgb = image.pixels.data() + 3 * i;
      result.pixels.push_back(static_cast<uint8_t>((299u * rgb[0] + 587u * rgb[1] + 114u * rgb[2] + 500) / 1000));
    }
  }
  return result;
}

}  // namespace triad::data
