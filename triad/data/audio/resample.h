// Another sampling rate.
#pragma once

#include "triad/data/audio/waveform.h"

namespace triad::data {

/// The sound at another sampling rate: ceil(n * sample_rate / sound.sample_rate) samples for n, the first at the same time as
/// before; a sound of that rate as it is. Callable from several threads at once.
/// numerics  band-limited interpolation of libsamplerate, "sinc medium": within 1e-3 up to 0.85 of the lower Nyquist
///           frequency, aliases and images below -100 dB
/// errors    ValueError if a rate is outside of 1 to 384 kHz
Waveform resample(const Waveform& sound, int sample_rate);

}  // namespace triad::data
