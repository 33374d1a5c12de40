// Against the audio utilities of transformers, whose numbers scripts/golden/log_mel.py wrote down.
#include <cmath>

#include <gtest/gtest.h>

#include "tests/harness/data_path.h"
#include "triad/data/audio/log_mel.h"
#include "triad/data/formats/safetensors.h"
#include "triad/data/formats/sound.h"

namespace triad::data {
namespace {

const TensorMap& golden() {
  static const TensorMap all = read_safetensors(harness::golden_path("log_mel/transformers.safetensors"));
  return all;
}

void expect_features(std::span<const float> samples, int rate, bool normalise, const std::string& name) {
  LogMelOptions options = LogMelOptions::for_rate(rate);
  options.normalise = normalise;
  const LogMel got = log_mel(samples, options);
  const Tensor& expected = golden().at(name);
  ASSERT_EQ(expected.shape(), (Shape{got.frames, got.mels})) << name;
  const std::vector<float> values = expected.to_vector<float>();
  for (size_t i = 0; i < values.size(); ++i)
    ASSERT_NEAR(got.values[i], values[i], 1e-4f)
        << name << ", frame " << i / static_cast<size_t>(got.mels) << ", band " << i % static_cast<size_t>(got.mels);
}

TEST(LogMelReference, SynthesisedSoundsOfAnyLengthAgree) {
  for (const int rate : {8000, 16000}) {
    for (const char* sound : {"chirp", "noise", "short", "one", "empty"}) {
      const std::string name = str(sound, ".", rate);
      const std::vector<float> samples = golden().at(name + ".samples").to_vector<float>();
      expect_features(samples, rate, false, name + ".features");
      expect_features(samples, rate, true, name + ".normalised");
    }
  }
}

TEST(LogMelReference, RecordedSoundsAgree) {
  for (const char* clip :
       {"fsdd/recordings/7_jackson_10.wav", "fsdd/recordings/3_theo_5.wav", "librispeech_mini/2911-12359-0007.flac"}) {
    const auto path = harness::data_path(clip);
    if (path.empty()) GTEST_SKIP() << "no " << clip;
    const Waveform sound = read_waveform(path);
    const size_t most = static_cast<size_t>(1.5 * sound.sample_rate);  // the golden file holds the beginning
    expect_features(std::span(sound.samples).first(std::min(sound.samples.size(), most)), sound.sample_rate, false,
                    std::string(clip) + ".features");
  }
}

}  // namespace
}  // namespace triad::data
