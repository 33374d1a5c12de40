// Sentences spoken by the program espeak-ng.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "triad/core/base/philox.h"
#include "triad/data/audio/waveform.h"

namespace triad::data {

/// How a sentence is spoken.
struct SpeakingStyle {
  std::string voice = "en-us";  ///< an espeak-ng voice, with a variant after '+'
  int words_per_minute = 175;   ///< 80 to 450
  int pitch = 50;               ///< 0 to 99
};

/// The sound of `text` as espeak-ng makes it: 22 050 Hz, silence at both ends cut off. The same bits for the same
/// version of espeak-ng. Runs one process, 5 to 10 ms of one core for a sentence. Throws IoError if espeak-ng is not
/// installed, does not know the voice, fails or takes longer than 30 s; ValueError if `text` is empty, longer than 4096
/// bytes or holds a zero byte, or the style is outside of its ranges.
Waveform speak(std::string_view text, const SpeakingStyle& style);

/// One of eight voices, 170 to 220 words a minute, pitch 30 to 70.
SpeakingStyle draw_speaking_style(RandomStream& random);

/// speak() in a style drawn from `random`, at `sample_rate`, made as loud as 0.03 to 0.15 (root of the mean square) and
/// with white noise 15 to 40 dB below the speech.
Waveform speak_at_random(std::string_view text, int sample_rate, RandomStream& random);

/// A sentence to be spoken and the random numbers for it.
struct SpeechRequest {
  std::string text;
  RandomKey key;
};

/// speak_at_random() for every request, by `threads` threads (0: as many as processors). The result does not depend on
/// their number. The first error ends the work and is thrown.
std::vector<Waveform> speak_all(std::span<const SpeechRequest> requests, int sample_rate, int threads = 0);

/// What `espeak-ng --version` says, for the provenance of data made with it. Throws as speak().
std::string speech_program_version();

}  // namespace triad::data
