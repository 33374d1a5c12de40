#include "triad/data/audio/log_mel.h"

#include <algorithm>
#include <cmath>
#include <complex>
#include <numbers>

#include <kissfft/kissfft.hh>

#include "triad/core/base/error.h"

namespace triad::data {
namespace {

// Slaney's scale: linear up to 1 kHz, then logarithmic, 27 bands for a factor of 6.4.
constexpr double kHertzPerMel = 200.0 / 3, kBreak = 1000, kBreakMel = kBreak / kHertzPerMel;
const double kLogStep = std::log(6.4) / 27;

double mel_of(double hertz) {
  return hertz < kBreak ? hertz / kHertzPerMel : kBreakMel + std::log(hertz / kBreak) / kLogStep;
}
double hertz_of(double mel) {
  return mel < kBreakMel ? mel * kHertzPerMel : kBreak * std::exp(kLogStep * (mel - kBreakMel));
}

double highest_of(const LogMelOptions& o) { return o.highest > 0 ? o.highest : o.sample_rate / 2.0; }

void check(const LogMelOptions& o) {
  require<ValueError>(
      o.sample_rate > 0 && o.hop > 0 && o.window > 0 && o.mels > 0 && o.fft >= o.window && o.fft % 2 == 0, "log_mel",
      "sample rate ", o.sample_rate, ", window ", o.window, ", hop ", o.hop, ", fft ", o.fft, " and ", o.mels,
      " bands do not go together", Hint{"fft is even and not below window"});
  require<ValueError>(o.lowest >= 0 && o.lowest < highest_of(o) && highest_of(o) <= o.sample_rate / 2.0, "log_mel",
                      "bands from ", o.lowest, " to ", highest_of(o), " Hz do not fit below ", o.sample_rate / 2.0,
                      " Hz");
}

/// A band's weights between its first and last bin.
struct Band {
  size_t first = 0;
  std::vector<float> weights;
};

/// What is the same for all sounds of some options. In f64: rounding a loud tone to f32 leaves noise that a quiet band, of
/// which the logarithm is taken, would show.
struct Plan {
  explicit Plan(const LogMelOptions& o)
      : window(static_cast<size_t>(o.window)), transform(static_cast<size_t>(o.fft / 2), /*inverse=*/false) {
    for (size_t i = 0; i < window.size(); ++i)
      window[i] = 0.5 - 0.5 * std::cos(2 * std::numbers::pi * static_cast<double>(i) / o.window);
    const std::vector<float> bank = mel_filter_bank(o.sample_rate, o.fft, o.mels, o.lowest, highest_of(o));
    const size_t bins = static_cast<size_t>(o.fft) / 2 + 1;
    for (size_t m = 0; m < static_cast<size_t>(o.mels); ++m) {
      const auto row = bank.begin() + static_cast<std::ptrdiff_t>(m * bins);
      const auto used = [](float w) { return w != 0; };
      const auto first = std::find_if(row, row + static_cast<std::ptrdiff_t>(bins), used);
      auto last = row + static_cast<std::ptrdiff_t>(bins);
      while (last != first && !used(*(last - 1))) --last;
      bands.push_back({static_cast<size_t>(first - row), {first, last}});
    }
  }

  std::vector<double> window;
  kissfft<double> transform;
  std::vector<Band> bands;
};

void normalise(LogMel& features) {
  const auto frames = static_cast<size_t>(features.frames), mels = static_cast<size_t>(features.mels);
  for (size_t m = 0; m < mels; ++m) {
    double sum = 0, squares = 0;
    for (size_t t = 0; t < frames; ++t) sum += static_cast<double>(features.values[t * mels + m]);
    const double mean = sum / static_cast<double>(frames);
    for (size_t t = 0; t < frames; ++t) {
      const double d = static_cast<double>(features.values[t * mels + m]) - mean;
      squares += d * d;
    }
    const double scale = 1 / std::sqrt(squares / static_cast<double>(frames) + 1e-5);
    for (size_t t = 0; t < frames; ++t) {
      float& value = features.values[t * mels + m];
      value = static_cast<float>((static_cast<double>(value) - mean) * scale);
    }
  }
}

}  // namespace

LogMelOptions LogMelOptions::for_rate(int sample_rate) {
  LogMelOptions o;
  if (sample_rate == 16000) return o;
  require<ValueError>(sample_rate == 8000, "LogMelOptions", "no usual setting for ", sample_rate, " Hz",
                      Hint{"resample to 8000 or 16000 Hz"});
  o.sample_rate = 8000;
  o.window = 200;
  o.hop = 80;
  o.fft = 256;
  o.mels = 40;
  return o;
}

std::vector<float> mel_filter_bank(int sample_rate, int fft, int mels, double lowest, double highest) {
  std::vector<double> centres;  // and the two outer edges
  for (int i = 0; i < mels + 2; ++i)
    centres.push_back(hertz_of(mel_of(lowest) + (mel_of(highest) - mel_of(lowest)) * i / (mels + 1)));
  const int bins = fft / 2 + 1;
  std::vector<float> bank;
  for (size_t m = 0; m < static_cast<size_t>(mels); ++m) {
    const double low = centres[m], peak = centres[m + 1], high = centres[m + 2];
    for (int bin = 0; bin < bins; ++bin) {
      const double hertz = static_cast<double>(bin) * sample_rate / fft;
      const double weight = std::max(0.0, std::min((hertz - low) / (peak - low), (high - hertz) / (high - peak)));
      bank.push_back(static_cast<float>(weight * 2 / (high - low)));
    }
  }
  return bank;
}

int64_t log_mel_frames(int64_t samples, const LogMelOptions& o) {
  return samples < o.window ? 1 : 1 + (samples - o.window) / o.hop;
}

LogMel log_mel(std::span<const float> samples, const LogMelOptions& o) {
  check(o);
  const auto bad = std::find_if(samples.begin(), samples.end(), [](float v) { return !std::isfinite(v); });
  require<ValueError>(bad == samples.end(), "log_mel", "sample ", bad - samples.begin(), " is not finite");
  const Plan plan(o);
  std::vector<double> frame(static_cast<size_t>(o.fft)), power(static_cast<size_t>(o.fft) / 2 + 1);
  std::vector<std::complex<double>> spectrum(static_cast<size_t>(o.fft / 2));

  LogMel features{log_mel_frames(std::ssize(samples), o), o.mels, {}};
  features.values.reserve(static_cast<size_t>(features.frames * features.mels));
  for (int64_t t = 0; t < features.frames; ++t) {
    const auto first = static_cast<size_t>(t * o.hop);
    for (size_t i = 0; i < plan.window.size(); ++i)
      frame[i] = first + i < samples.size() ? static_cast<double>(samples[first + i]) * plan.window[i] : 0;
    plan.transform.transform_real(frame.data(), spectrum.data());
    // The values at 0 and at half the sample rate are real; they share the first element.
    power.front() = spectrum[0].real() * spectrum[0].real();
    power.back() = spectrum[0].imag() * spectrum[0].imag();
    for (size_t i = 1; i < spectrum.size(); ++i) power[i] = std::norm(spectrum[i]);
    for (const Band& band : plan.bands) {
      double sum = 0;
      for (size_t i = 0; i < band.weights.size(); ++i)
        sum += static_cast<double>(band.weights[i]) * power[band.first + i];
      features.values.push_back(static_cast<float>(std::log(std::max(sum, o.floor))));
    }
  }
  if (o.normalise) normalise(features);
  return features;
}

}  // namespace triad::data
