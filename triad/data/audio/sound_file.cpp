#include "triad/data/audio/sound_file.h"

#include "triad/core/base/error.h"
#include "triad/data/formats/wav.h"

namespace triad::data {

Waveform SoundReader::operator()(const std::filesystem::path& file) {
  Waveform sound = read_wav(file);
  require<IoError>(!sound.samples.empty(), "sound", file.string(), " is empty");
  require<IoError>(sound.sample_rate >= 1000 && sound.sample_rate <= 384'000, "sound", file.string(), " claims ",
                   sound.sample_rate, " Hz, expected 1000 to 384000");
  if (sound.sample_rate == sample_rate_) return sound;
  return resamplers_.try_emplace(sound.sample_rate, sound.sample_rate, sample_rate_).first->second(sound);
}

}  // namespace triad::data
