#include "triad/data/audio/resample.h"

#include <cmath>
#include <numbers>

#include <gtest/gtest.h>

#include "tests/harness/message_of.h"
#include "triad/core/base/error.h"

namespace triad::data {
namespace {

Waveform sine(int rate, double frequency, int samples) {
  Waveform sound{rate, std::vector<float>(static_cast<size_t>(samples))};
  for (int i = 0; i < samples; ++i) {
    sound.samples[static_cast<size_t>(i)] = static_cast<float>(std::sin(2 * std::numbers::pi * frequency * i / rate));
  }
  return sound;
}

/// The largest difference to the same sine at the new rate, away from the ends.
double error_of_sine(int rate_in, int rate_out, double frequency) {
  const Waveform got = resample(sine(rate_in, frequency, rate_in / 2), rate_out);
  const Waveform expected = sine(rate_out, frequency, static_cast<int>(got.samples.size()));
  double worst = 0;
  for (size_t i = 100; i + 100 < got.samples.size(); ++i) {
    worst = std::max(worst, static_cast<double>(std::abs(got.samples[i] - expected.samples[i])));
  }
  return worst;
}

TEST(Resample, KeepsWhatBothRatesCanHold) {
  constexpr double kWithin = 1e-3;
  for (const double share : {0.01, 0.3, 0.6, 0.85}) {
    EXPECT_LT(error_of_sine(22050, 8000, share * 4000), kWithin) << share;
    EXPECT_LT(error_of_sine(16000, 8000, share * 4000), kWithin) << share;
    EXPECT_LT(error_of_sine(8000, 16000, share * 4000), kWithin) << share;
    EXPECT_LT(error_of_sine(44100, 48000, share * 22050), kWithin) << share;
  }
}

TEST(Resample, RemovesWhatTheLowerRateCannotHold) {
  for (const double frequency : {4400.0, 6000.0, 10000.0}) {
    const Waveform got = resample(sine(22050, frequency, 11025), 8000);
    double worst = 0;
    for (size_t i = 100; i + 100 < got.samples.size(); ++i) worst = std::max(worst, std::abs(double{got.samples[i]}));
    EXPECT_LT(worst, 1e-5) << frequency;  // -100 dB
  }
}

TEST(Resample, LengthAndTrivialCases) {
  EXPECT_EQ(resample(sine(22050, 100, 22051), 8000).samples.size(), 8001u);
  EXPECT_EQ(resample(sine(22050, 100, 1), 8000).samples.size(), 1u);
  EXPECT_TRUE(resample(Waveform{8000, {}}, 16000).samples.empty());
  const Waveform same = sine(8000, 440, 100);
  EXPECT_EQ(resample(same, 8000), same);
}

TEST(Resample, RefusesSenselessRates) {
  EXPECT_EQ(harness::message_of<ValueError>([] { resample(Waveform{0, {0.5f}}, 8000); }),
            "resample: a rate of 0 Hz, expected 1000 to 384000");
  EXPECT_EQ(harness::message_of<ValueError>([] { resample(Waveform{8000, {0.5f}}, -1); }),
            "resample: a rate of -1 Hz, expected 1000 to 384000");
}

}  // namespace
}  // namespace triad::data
