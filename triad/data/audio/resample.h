// Another sampling rate.
#pragma once

#include <cstdint>
#include <vector>

#include "triad/data/audio/waveform.h"

namespace triad::data {

/// Converts from one sampling rate to another; made once, it serves many sounds and threads.
/// numerics  band-limited interpolation by a Kaiser-windowed sinc of 24 zero crossings a side, pass band up to 0.9 of
///           the lower Nyquist frequency within 0.01 dB, images and aliases from 1.1 of it on below -70 dB
/// errors    ValueError if a rate is outside of 1 to 384 kHz
class Resampler {
 public:
  Resampler(int rate_in, int rate_out);

  /// ceil(n * rate_out / rate_in) samples for n, the first at the same time as before. Throws ValueError if the sound
  /// has another rate than rate_in.
  Waveform operator()(const Waveform& sound) const;

 private:
  int rate_in_, rate_out_;
  // Output n lies at input time n * step / phases. Its filter, of the phase (n * step) mod phases, has 2 * half taps
  // and begins at input sample floor(n * step / phases) - half + 1.
  int64_t phases_ = 1, step_ = 1, half_ = 1;
  std::vector<float> weights_;  // [phases, 2 * half]
};

/// Resampler of sound.sample_rate and `sample_rate`, used once.
Waveform resample(const Waveform& sound, int sample_rate);

}  // namespace triad::data
