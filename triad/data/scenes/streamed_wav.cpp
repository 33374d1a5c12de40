#include "triad/data/scenes/streamed_wav.h"

#include <bit>
#include <cstdint>
#include <cstring>

#include "triad/core/base/error.h"

namespace triad::data {
namespace {

constexpr int kProgramRate = 22050;  // Hz

template <class T>
T load(std::string_view bytes, size_t at) {
  static_assert(std::endian::native == std::endian::little, "RIFF is little-endian");
  T value;
  std::memcpy(&value, bytes.data() + at, sizeof value);
  return value;
}

}  // namespace

Waveform parse_streamed_wav(std::string_view bytes) {
  const auto damaged = [&](std::string_view what) {
    fail<IoError>("speak", "espeak-ng wrote ", bytes.size(), " bytes that are not the expected WAV stream: ", what);
  };
  if (bytes.size() < 12 || bytes.substr(0, 4) != "RIFF" || bytes.substr(8, 4) != "WAVE") damaged("no RIFF header");
  Waveform sound;
  for (size_t at = 12; at + 8 <= bytes.size();) {
    const std::string_view name = bytes.substr(at, 4);
    const auto size = load<uint32_t>(bytes, at + 4);
    at += 8;
    if (name == "data") {
      if (sound.sample_rate == 0) damaged("no format before the samples");
      for (; at + 2 <= bytes.size(); at += 2) {
        sound.samples.push_back(static_cast<float>(load<int16_t>(bytes, at)) * 0x1p-15f);
      }
      return sound;
    }
    if (size > bytes.size() - at) damaged("a chunk longer than the stream");
    if (name == "fmt ") {
      if (size < 16 || load<uint16_t>(bytes, at) != 1 || load<uint16_t>(bytes, at + 2) != 1 ||
          load<uint32_t>(bytes, at + 4) != kProgramRate || load<uint16_t>(bytes, at + 14) != 16) {
        damaged("not 16-bit PCM of one channel at 22 050 Hz");
      }
      sound.sample_rate = kProgramRate;
    }
    at += size;
  }
  damaged("no samples");
  return sound;
}

}  // namespace triad::data
