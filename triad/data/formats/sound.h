// Sound files: WAV, FLAC and what else libsndfile reads.
#pragma once

#include <cstdint>
#include <filesystem>
#include <span>
#include <string>

#include "triad/data/audio/waveform.h"

namespace triad::data {

/// The sound in a file; several channels become their mean. 16-bit samples v come out as v / 32768 exactly. An empty
/// sound is no error. IoError naming the file and what is wrong: not a sound, cut off, longer than two hours, values
/// that are not finite.
Waveform read_waveform(const std::filesystem::path& path);

/// A WAV file of one channel of 16-bit samples.
std::string encode_wav(std::span<const int16_t> samples, int sample_rate);

}  // namespace triad::data
