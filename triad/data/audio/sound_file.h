// Sound files as data sets hold sound: one channel at one rate.
#pragma once

#include <filesystem>

#include "triad/data/audio/waveform.h"

namespace triad::data {

/// The sound in a file, at `sample_rate`. IoError naming the file: what read_waveform() refuses, no samples, a rate outside of 1
/// to 384 kHz.
Waveform read_sound(const std::filesystem::path& file, int sample_rate);

}  // namespace triad::data
