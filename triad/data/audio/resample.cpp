#include "triad/data/audio/resample.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <numbers>
#include <numeric>

#include "triad/core/base/error.h"

namespace triad::data {
namespace {

// Kaiser's design formulas: beta 7.5 attenuates A = 76 dB, and 48 crossings in all give a transition of
// (A - 8) / (2.285 * 48 * pi) = 0.2 of the lower Nyquist frequency, half of it at each side.
constexpr double kCrossings = 24;  // of the sinc, at each side
constexpr double kBeta = 7.5;

/// I0 by its power series, for the Kaiser window; arguments up to kBeta need some 20 terms.
double bessel_i0(double x) {
  double sum = 1, term = 1;
  for (int k = 1; term > 1e-12 * sum; ++k) {
    term *= (x / (2 * k)) * (x / (2 * k));
    sum += term;
  }
  return sum;
}

/// In kLanes partial sums, which a compiler may turn into vectors without changing the result.
float dot(const float* a, const float* b, int64_t n) {
  constexpr int64_t kLanes = 8;
  std::array<float, kLanes> sums{};
  int64_t i = 0;
  for (; i + kLanes <= n; i += kLanes) {
    for (int64_t lane = 0; lane < kLanes; ++lane) sums[static_cast<size_t>(lane)] += a[i + lane] * b[i + lane];
  }
  float sum = 0;
  for (; i < n; ++i) sum += a[i] * b[i];
  for (const float partial : sums) sum += partial;
  return sum;
}

}  // namespace

Resampler::Resampler(int rate_in, int rate_out) : rate_in_(rate_in), rate_out_(rate_out) {
  constexpr int kLowest = 1000, kHighest = 384000;
  for (const int rate : {rate_in, rate_out}) {
    require<ValueError>(rate >= kLowest && rate <= kHighest, "resample", "a rate of ", rate, " Hz, expected ", kLowest,
                        " to ", kHighest);
  }
  const int common = std::gcd(rate_in, rate_out);
  phases_ = rate_out / common;
  step_ = rate_in / common;
  // The lower Nyquist frequency as a share of that of the input.
  const double cutoff = std::min(1.0, static_cast<double>(rate_out) / rate_in);
  const double reach = kCrossings / cutoff;
  half_ = static_cast<int64_t>(std::ceil(reach));
  const int64_t taps = 2 * half_;
  weights_.resize(static_cast<size_t>(phases_ * taps));
  std::vector<double> row(static_cast<size_t>(taps));
  for (int64_t phase = 0; phase < phases_; ++phase) {
    double sum = 0;
    for (int64_t tap = 0; tap < taps; ++tap) {
      const double t = static_cast<double>(tap - half_ + 1) - static_cast<double>(phase) / static_cast<double>(phases_);
      const double u = t / reach, angle = std::numbers::pi * cutoff * t;
      const double sinc = angle == 0 ? 1 : std::sin(angle) / angle;
      row[static_cast<size_t>(tap)] = std::abs(u) >= 1 ? 0 : sinc * bessel_i0(kBeta * std::sqrt(1 - u * u));
      sum += row[static_cast<size_t>(tap)];
    }
    // Gain 1 for a constant.
    std::transform(row.begin(), row.end(), weights_.begin() + phase * taps,
                   [sum](double weight) { return static_cast<float>(weight / sum); });
  }
}

Waveform Resampler::operator()(const Waveform& sound) const {
  require<ValueError>(sound.sample_rate == rate_in_, "resample", "the sound has ", sound.sample_rate,
                      " Hz, the resampler is for ", rate_in_);
  if (rate_in_ == rate_out_) return sound;

  const auto length = static_cast<int64_t>(sound.samples.size()), taps = 2 * half_;
  const int64_t new_length = (length * rate_out_ + rate_in_ - 1) / rate_in_;
  Waveform result{rate_out_, std::vector<float>(static_cast<size_t>(new_length))};
  for (int64_t n = 0; n < new_length; ++n) {
    const int64_t first = n * step_ / phases_ - half_ + 1;
    const int64_t begin = std::max<int64_t>(0, -first), end = std::min(taps, length - first);
    const float* weights = weights_.data() + n * step_ % phases_ * taps;
    result.samples[static_cast<size_t>(n)] = dot(weights + begin, sound.samples.data() + first + begin, end - begin);
  }
  return result;
}

Waveform resample(const Waveform& sound, int sample_rate) { return Resampler(sound.sample_rate, sample_rate)(sound); }

}  // namespace triad::data
