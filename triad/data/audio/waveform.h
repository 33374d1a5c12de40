// A sound in memory.
#pragma once

#include <vector>

namespace triad::data {

/// One channel of sound. Full scale is -1 to 1.
struct Waveform {
  int sample_rate = 0;  // Hz
  std::vector<float> samples;

  /// Seconds; 0 for an empty sound.
  double duration() const { return sample_rate > 0 ? static_cast<double>(samples.size()) / sample_rate : 0.0; }

  friend bool operator==(const Waveform&, const Waveform&) = default;
};

}  // namespace triad::data
