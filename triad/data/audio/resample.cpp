#include "triad/data/audio/resample.h"

#include <samplerate.h>

#include "triad/core/base/error.h"

namespace triad::data {

Waveform resample(const Waveform& sound, int sample_rate) {
  constexpr int kLowest = 1000, kHighest = 384000;
  for (const int rate : {sound.sample_rate, sample_rate}) {
    require<ValueError>(rate >= kLowest && rate <= kHighest, "resample", "a rate of ", rate, " Hz, expected ", kLowest,
                        " to ", kHighest);
  }
  if (sample_rate == sound.sample_rate) return sound;
  const auto count = static_cast<int64_t>(sound.samples.size()), to = int64_t{sample_rate},
             from = int64_t{sound.sample_rate};
  Waveform converted{.sample_rate = sample_rate,
                     .samples = std::vector<float>(static_cast<size_t>((count * to + from - 1) / from))};
  SRC_DATA data{.data_in = sound.samples.data(),
                .data_out = converted.samples.data(),
                .input_frames = static_cast<long>(count),
                .output_frames = std::ssize(converted.samples),
                .src_ratio = static_cast<double>(to) / static_cast<double>(from)};
  const int error = src_simple(&data, SRC_SINC_MEDIUM_QUALITY, /*channels=*/1);
  require<ValueError>(error == 0, "resample", src_strerror(error));
  return converted;  // the converter may stop a sample short; what it leaves out is silence
}

}  // namespace triad::data
