#include "triad/data/audio/sound_file.h"

#include "triad/core/base/error.h"
#include "triad/data/audio/resample.h"
#include "triad/data/formats/sound.h"

namespace triad::data {

Waveform read_sound(const std::filesystem::path& file, int sample_rate) {
  const Waveform sound = read_waveform(file);
  require<IoError>(!sound.samples.empty(), "sound", file.string(), " is empty");
  require<IoError>(sound.sample_rate >= 1000 && sound.sample_rate <= 384'000, "sound", file.string(), " claims ",
                   sound.sample_rate, " Hz, expected 1000 to 384000");
  return resample(sound, sample_rate);
}

}  // namespace triad::data
