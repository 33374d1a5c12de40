// Sound files for tests, written by libsndfile.
#pragma once

#include <cstdint>
#include <filesystem>
#include <vector>

#include <sndfile.h>

#include "triad/core/base/error.h"

namespace triad::data {

/// 16-bit samples of one channel, as FLAC or WAV by the ending of `path`.
inline void write_sound(const std::filesystem::path& path, const std::vector<int16_t>& samples, int rate) {
  SF_INFO info{};
  info.samplerate = rate;
  info.channels = 1;
  info.format = (path.extension() == ".flac" ? SF_FORMAT_FLAC : SF_FORMAT_WAV) | SF_FORMAT_PCM_16;
  SNDFILE* file = sf_open(path.c_str(), SFM_WRITE, &info);
  require<IoError>(file != nullptr, "write_sound", path.string());
  sf_write_short(file, samples.data(), static_cast<sf_count_t>(samples.size()));
  require<IoError>(sf_close(file) == 0, "write_sound", path.string());
}

}  // namespace triad::data
