// What espeak-ng writes into a pipe.
#pragma once

#include <string_view>

#include "triad/data/audio/waveform.h"

namespace triad::data {

/// The sound in a RIFF stream of 16 bit, one channel and 22 050 Hz, whose sizes were written before the end was known: the
/// sound is whatever follows the header. IoError for anything else.
Waveform parse_streamed_wav(std::string_view bytes);

}  // namespace triad::data
