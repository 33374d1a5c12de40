// Sound files as data sets hold sound: one channel at one rate.
#pragma once

#include <filesystem>
#include <map>

#include "triad/data/audio/resample.h"
#include "triad/data/audio/waveform.h"

namespace triad::data {

/// Reads sound files and brings them to `sample_rate`. Keeps a resampler for every rate it meets.
class SoundReader {
 public:
  explicit SoundReader(int sample_rate) : sample_rate_(sample_rate) {}

  /// IoError naming the file: what read_wav() refuses, no samples, a rate outside of 1 to 384 kHz.
  Waveform operator()(const std::filesystem::path& file);

 private:
  int sample_rate_;
  std::map<int, Resampler> resamplers_;  ///< by the rate they convert from
};

}  // namespace triad::data
