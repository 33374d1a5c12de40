#include "triad/data/audio/log_mel.h"

#include <cmath>
#include <complex>
#include <cstring>
#include <fstream>
#include <limits>
#include <numbers>

#include <gtest/gtest.h>

#include "tests/harness/data_path.h"
#include "tests/harness/message_of.h"
#include "triad/core/base/error.h"
#include "triad/core/base/philox.h"

namespace triad::data {
namespace {

std::vector<float> noise(int64_t n) {
  RandomStream stream(RandomKey{.seed = 5});
  std::vector<float> samples;
  for (int64_t i = 0; i < n; ++i)
    samples.push_back(static_cast<float>(0.1 * stream.normal() + 0.3 * std::sin(0.05 * static_cast<double>(i))));
  return samples;
}

/// The definition in f64, with a plain Fourier sum.
std::vector<double> reference(const std::vector<float>& samples, const LogMelOptions& o, int64_t frames) {
  const std::vector<float> bank = mel_filter_bank(o.sample_rate, o.fft, o.mels, o.lowest, o.sample_rate / 2.0);
  const int bins = o.fft / 2 + 1;
  std::vector<double> out;
  for (int64_t t = 0; t < frames; ++t) {
    std::vector<double> power;
    for (int k = 0; k < bins; ++k) {
      std::complex<double> sum = 0;
      for (int i = 0; i < o.window; ++i) {
        const auto at = static_cast<size_t>(t * o.hop + i);
        if (at >= samples.size()) break;
        const double hann = 0.5 - 0.5 * std::cos(2 * std::numbers::pi * i / o.window);
        sum += static_cast<double>(samples[at]) * hann * std::polar(1.0, -2 * std::numbers::pi * k * i / o.fft);
      }
      power.push_back(std::norm(sum));
    }
    for (int m = 0; m < o.mels; ++m) {
      double sum = 0;
      for (int k = 0; k < bins; ++k)
        sum += static_cast<double>(bank[static_cast<size_t>(m * bins + k)]) * power[static_cast<size_t>(k)];
      out.push_back(std::log(std::max(sum, o.floor)));
    }
  }
  return out;
}

TEST(LogMel, EqualsTheDefinitionAtBothRates) {
  for (const int rate : {8000, 16000}) {
    LogMelOptions o = LogMelOptions::for_rate(rate);
    o.normalise = false;
    const std::vector<float> samples = noise(o.window + 3 * o.hop + 7);
    const LogMel features = log_mel(samples, o);
    ASSERT_EQ(features.frames, 4);
    const std::vector<double> expected = reference(samples, o, features.frames);
    ASSERT_EQ(features.values.size(), expected.size());
    for (size_t i = 0; i < expected.size(); ++i)
      ASSERT_NEAR(static_cast<double>(features.values[i]), expected[i], 1e-4) << rate << " " << i;
  }
}

TEST(LogMel, FilterBankEqualsLibrosa) {
  const auto path = harness::data_path("audio_reference/whisper_mel_80.npy");
  if (path.empty()) GTEST_SKIP() << "audio_reference is not there";
  std::ifstream in(path, std::ios::binary);
  std::string file((std::istreambuf_iterator<char>(in)), {});
  const size_t count = 80 * 201;
  ASSERT_GE(file.size(), count * sizeof(float));
  std::vector<float> expected(count);
  std::memcpy(expected.data(), file.data() + file.size() - count * sizeof(float), count * sizeof(float));
  const std::vector<float> bank = mel_filter_bank(16000, 400, 80, 0, 8000);
  ASSERT_EQ(bank.size(), count);
  for (size_t i = 0; i < count; ++i) ASSERT_NEAR(bank[i], expected[i], 1e-6f) << i;
}

TEST(LogMel, SoundsOfAnyLengthWork) {
  const LogMelOptions o = LogMelOptions::for_rate(8000);
  for (const int64_t n : {0, 1, 199, 200, 279, 280}) {
    const LogMel features = log_mel(noise(n), o);
    EXPECT_EQ(features.frames, n < 280 ? 1 : 2) << n;
    EXPECT_EQ(features.frames, log_mel_frames(n, o));
    for (const float v : features.values) EXPECT_TRUE(std::isfinite(v));
  }
  EXPECT_EQ(log_mel(noise(600 * 8000), o).frames, 1 + (600 * 8000 - 200) / 80);
}

TEST(LogMel, NormalisedBandsHaveMeanZeroAndDeviationOne) {
  const LogMelOptions o = LogMelOptions::for_rate(8000);
  const LogMel features = log_mel(noise(8000), o);
  for (size_t m = 0; m < 40; ++m) {
    double sum = 0, squares = 0;
    for (size_t t = 0; t < static_cast<size_t>(features.frames); ++t) {
      const double v = static_cast<double>(features.values[t * 40 + m]);
      sum += v, squares += v * v;
    }
    EXPECT_NEAR(sum / static_cast<double>(features.frames), 0, 1e-4);
    EXPECT_NEAR(squares / static_cast<double>(features.frames), 1, 1e-2);
  }
}

TEST(LogMel, WhatCannotBeIsRefused) {
  const LogMelOptions o = LogMelOptions::for_rate(8000);
  const std::vector<float> bad = {0, 1, std::numeric_limits<float>::quiet_NaN()};
  EXPECT_EQ(harness::message_of<ValueError>([&] { log_mel(bad, o); }), "log_mel: sample 2 is not finite");
  EXPECT_EQ(harness::message_of<ValueError>([] { LogMelOptions::for_rate(44100); }),
            "LogMelOptions: no usual setting for 44100 Hz\n  hint: resample to 8000 or 16000 Hz");
}

}  // namespace
}  // namespace triad::data
