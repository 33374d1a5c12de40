// Sound as 16-bit integers, half the size of floats and as fine as recordings are.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <span>
#include <vector>

namespace triad::data {

/// Full scale 1 is 32768; louder is clipped, NaN is silence. Values read from 16-bit files come back as they were.
inline std::vector<int16_t> to_pcm16(std::span<const float> samples) {
  std::vector<int16_t> pcm(samples.size());
  std::transform(samples.begin(), samples.end(), pcm.begin(), [](float x) -> int16_t {
    if (std::isnan(x)) return 0;
    return static_cast<int16_t>(std::clamp(std::round(x * 32768.0f), -32768.0f, 32767.0f));
  });
  return pcm;
}

/// value / 32768.
inline std::vector<float> from_pcm16(std::span<const int16_t> pcm) {
  std::vector<float> samples(pcm.size());
  std::transform(pcm.begin(), pcm.end(), samples.begin(), [](int16_t v) { return static_cast<float>(v) * 0x1p-15f; });
  return samples;
}

}  // namespace triad::data
