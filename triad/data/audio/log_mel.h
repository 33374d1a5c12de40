// Log-mel features: how loud each of some bands of pitch is, frame by frame.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace triad::data {

struct LogMelOptions {
  int sample_rate = 16000;  ///< Hz
  int window = 400;         ///< samples of a frame (25 ms at 16 kHz), under a periodic Hann window
  int hop = 160;            ///< samples from one frame to the next (10 ms)
  int fft = 512;            ///< points of the transform: the window and zeros; even
  int mels = 80;
  double lowest = 20;     ///< Hz, edge of the lowest band
  double highest = 0;     ///< Hz, edge of the highest band; 0 means half the sample rate
  double floor = 1e-10;   ///< power below which every band is equally silent
  bool normalise = true;  ///< subtract the mean of every band over the sound, divide by its standard deviation

  /// The usual setting for a sample rate: 25 ms windows, 10 ms hop; 8 kHz has 256 points and 40 bands, 16 kHz 512 and 80.
  /// ValueError for other rates.
  static LogMelOptions for_rate(int sample_rate);
};

/// frames × mels, row-major.
struct LogMel {
  int64_t frames = 0;
  int64_t mels = 0;
  std::vector<float> values;
};

/// Natural logarithm of the power in triangular bands on Slaney's mel scale, each of unit area, as librosa makes them.
/// Frame i covers samples [i * hop, i * hop + window); 1 + (samples - window) / hop frames. A sound shorter than a
/// window gives one frame, as if silence followed; one of no samples at all gives one frame of silence.
/// ValueError for options that cannot be, or a sample that is not finite.
LogMel log_mel(std::span<const float> samples, const LogMelOptions& options);

/// Frames of a sound of `samples` samples.
int64_t log_mel_frames(int64_t samples, const LogMelOptions& options);

/// [mels, fft / 2 + 1] weights, row-major: rising from 0 at the centre of the band below to a peak and back to 0 at the
/// centre of the band above, scaled to 2 / (width in Hz). Source: M. Slaney, Auditory Toolbox, 1998; librosa.filters.mel.
std::vector<float> mel_filter_bank(int sample_rate, int fft, int mels, double lowest, double highest);

}  // namespace triad::data
