#include "triad/data/formats/sound.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <fstream>
#include <memory>
#include <string_view>
#include <system_error>

#include <sndfile.h>

#include "triad/core/base/error.h"

namespace triad::data {
namespace {

constexpr int64_t kMaxSeconds = 2 * 3600;
constexpr int kMaxChannels = 64;
/// Frames read at a time: memory grows with what is there, not with what the header claims.
constexpr int64_t kStep = 1 << 16;
/// What programs write for a size that is not known yet.
constexpr uint32_t kUnknownSize = 0xFFFFFFFF;

uint32_t little_endian(const char* bytes) {
  uint32_t value = 0;
  for (int i = 3; i >= 0; --i) value = value << 8 | static_cast<uint8_t>(bytes[i]);
  return value;
}

/// libsndfile takes a WAV file that was cut off for a shorter one; the sizes in its chunks tell.
void check_not_cut_off(const std::filesystem::path& path) {
  std::ifstream in(path, std::ios::binary);
  std::array<char, 12> head{};
  in.read(head.data(), head.size());
  if (!in || std::string_view(head.data(), 4) != "RIFF" || std::string_view(head.data() + 8, 4) != "WAVE") return;
  std::error_code error;
  const auto size = static_cast<int64_t>(std::filesystem::file_size(path, error));
  bool has_data = false;
  for (int64_t at = 12; at + 8 <= size;) {
    std::array<char, 8> chunk{};
    in.seekg(at);
    if (!in.read(chunk.data(), chunk.size())) return;
    const uint32_t bytes = little_endian(chunk.data() + 4);
    has_data = has_data || std::string_view(chunk.data(), 4) == "data";
    if (bytes == kUnknownSize) return;
    const int64_t end = at + 8 + bytes;
    require<IoError>(end <= size, "sound", path.string(), " is cut off: it has ", size, " bytes of ", end);
    at = end + bytes % 2;
  }
  require<IoError>(has_data, "sound", path.string(), " is cut off: it ends before its samples");
}

}  // namespace

Waveform read_waveform(const std::filesystem::path& path) {
  const std::string name = path.string();
  std::error_code error;
  const auto kind = std::filesystem::status(path, error).type();
  require<IoError>(kind != std::filesystem::file_type::not_found, "sound", "no file ", name);
  require<IoError>(kind == std::filesystem::file_type::regular, "sound", name, " is not a regular file");
  check_not_cut_off(path);
  SF_INFO info{};
  const std::unique_ptr<SNDFILE, int (*)(SNDFILE*)> file(sf_open(path.c_str(), SFM_READ, &info), sf_close);
  require<IoError>(file != nullptr, "sound", name, " is no sound file that can be read: ", sf_strerror(nullptr));
  require<IoError>(info.channels >= 1 && info.channels <= kMaxChannels && info.samplerate >= 1, "sound", name,
                   " claims ", info.channels, " channels at ", info.samplerate, " Hz");
  Waveform sound{.sample_rate = info.samplerate, .samples = {}};
  const auto channels = static_cast<size_t>(info.channels);
  std::vector<float> block(static_cast<size_t>(kStep) * channels);
  while (const sf_count_t frames = sf_readf_float(file.get(), block.data(), kStep)) {
    require<IoError>(frames > 0, "sound", name, ": ", sf_strerror(file.get()));
    for (size_t frame = 0; frame < static_cast<size_t>(frames); ++frame) {
      float sum = 0;
      for (size_t c = 0; c < channels; ++c) sum += block[frame * channels + c];
      require<IoError>(std::isfinite(sum), "sound", name, ": sample ", sound.samples.size(), " is not a finite number");
      sound.samples.push_back(channels == 1 ? sum : sum / static_cast<float>(channels));
    }
    require<IoError>(static_cast<int64_t>(sound.samples.size()) <= kMaxSeconds * info.samplerate, "sound", name,
                     " is longer than ", kMaxSeconds / 3600, " hours", Hint{"cut it into pieces"});
  }
  require<IoError>(sf_error(file.get()) == SF_ERR_NO_ERROR, "sound", name, ": ", sf_strerror(file.get()));
  require<IoError>(static_cast<int64_t>(sound.samples.size()) == info.frames, "sound", name, " is cut off: it has ",
                   sound.samples.size(), " samples of ", info.frames);
  return sound;
}

std::string encode_wav(std::span<const int16_t> samples, int sample_rate) {
  static_assert(std::endian::native == std::endian::little, "RIFF is little-endian");
  constexpr int kPcm = 1, kChannels = 1, kBytes = 2, kFormatSize = 16, kHeaderSize = 44;
  const auto size = static_cast<uint32_t>(samples.size_bytes());
  std::string file;
  const auto put = [&](auto value, size_t bytes) { file.append(reinterpret_cast<const char*>(&value), bytes); };
  file += "RIFF";
  put(size + kHeaderSize - 8, 4);
  file += "WAVEfmt ";
  put(kFormatSize, 4);
  put(kPcm, 2);
  put(kChannels, 2);
  put(sample_rate, 4);
  put(sample_rate * kChannels * kBytes, 4);
  put(kChannels * kBytes, 2);
  put(8 * kBytes, 2);
  file += "data";
  put(size, 4);
  return file.append(reinterpret_cast<const char*>(samples.data()), samples.size_bytes());
}

}  // namespace triad::data
