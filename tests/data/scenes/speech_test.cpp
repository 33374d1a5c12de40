#include "triad/data/scenes/speech.h"

#include <cmath>
#include <cstdlib>
#include <filesystem>
#include <fstream>

#include <gtest/gtest.h>

#include "tests/harness/data_path.h"
#include "tests/harness/message_of.h"
#include "triad/core/base/error.h"
#include "triad/data/scenes/run_program.h"

namespace triad::data {
namespace {

using harness::message_of;
using namespace std::chrono_literals;

/// PATH set to another value while alive.
class OtherPath {
 public:
  explicit OtherPath(const std::string& path) {
    if (const char* before = std::getenv("PATH")) before_ = before;
    ::setenv("PATH", path.c_str(), 1);
  }
  ~OtherPath() { ::setenv("PATH", before_.c_str(), 1); }

 private:
  std::string before_;
};

class Speech : public testing::Test {
 protected:
  void SetUp() override {
    try {
      speech_program_version();
    } catch (const IoError&) {
      GTEST_SKIP() << "no program espeak-ng";
    }
  }
};

double rms(const Waveform& sound) {
  double energy = 0;
  for (const float sample : sound.samples) energy += static_cast<double>(sample) * sample;
  return std::sqrt(energy / static_cast<double>(sound.samples.size()));
}

TEST_F(Speech, SpeaksWithoutSilenceAround) {
  const Waveform sound = speak("a small red circle in the middle", {});
  EXPECT_EQ(sound.sample_rate, 22050);
  EXPECT_GT(sound.duration(), 1.0);
  EXPECT_LT(sound.duration(), 3.0);
  EXPECT_GT(rms(sound), 0.01);
  EXPECT_EQ(speak("a small red circle in the middle", {}), sound);
  EXPECT_LT(speak("a small red circle in the middle", {.words_per_minute = 250}).duration(), sound.duration());
}

TEST_F(Speech, DoesNotDependOnThreads) {
  std::vector<SpeechRequest> requests;
  for (uint32_t i = 0; i < 24; ++i) requests.push_back({"a big blue star", {.seed = 4, .sample = i}});
  const auto alone = speak_all(requests, 8000, 1);
  EXPECT_EQ(speak_all(requests, 8000, 5), alone);
  ASSERT_EQ(alone.size(), requests.size());
  for (size_t i = 0; i < alone.size(); ++i) {
    EXPECT_EQ(alone[i].sample_rate, 8000);
    EXPECT_GT(rms(alone[i]), 0.02);
    EXPECT_LT(rms(alone[i]), 0.2);
    EXPECT_NE(alone[i], alone[(i + 1) % alone.size()]);
  }
}

TEST_F(Speech, EveryDrawnVoiceExists) {
  for (uint32_t i = 0; i < 40; ++i) {
    RandomStream random(RandomKey{.seed = 2, .sample = i});
    EXPECT_GT(speak("red", draw_speaking_style(random)).samples.size(), 1000u);
  }
}

TEST_F(Speech, TextIsNeverTakenForAnOption) { EXPECT_GT(speak("--version", {}).duration(), 0.3); }

TEST_F(Speech, RefusesBadRequests) {
  EXPECT_EQ(message_of<ValueError>([] { speak("", {}); }), "speak: the text has 0 bytes, expected 1 to 4096");
  EXPECT_EQ(message_of<ValueError>([] { speak(std::string(5000, 'a'), {}); }),
            "speak: the text has 5000 bytes, expected 1 to 4096");
  EXPECT_EQ(message_of<ValueError>([] { speak(std::string_view("a\0b", 3), {}); }),
            "speak: the text holds a zero byte");
  EXPECT_EQ(message_of<ValueError>([] { speak("a", {.pitch = 100}); }), "speak: pitch is 100, expected 0 to 99");
  EXPECT_THROW(speak("a", {.voice = "xx-nowhere"}), IoError);
}

TEST_F(Speech, TheFirstErrorEndsTheWork) {
  std::vector<SpeechRequest> requests(50, {"red", {}});
  requests[10].text = "";
  EXPECT_THROW(speak_all(requests, 8000, 3), ValueError);
}

TEST(SpeechProgram, MissingIsOneClearError) {
  const harness::TempFolder empty;
  const OtherPath path(empty.path().string());
  EXPECT_EQ(message_of<IoError>([] { speak("red", {}); }),
            "run_program: the program espeak-ng is not installed\n"
            "  hint: install the package espeak-ng; the built-in data set is spoken by it");
}

TEST(SpeechProgram, DamagedOutputIsAnError) {
  const harness::TempFolder folder;
  const auto program = folder / "espeak-ng";
  const OtherPath path(folder.path().string());
  const auto message = [&](const std::string& script) {
    std::ofstream(program) << "#!/bin/sh\n" << script << '\n';
    std::filesystem::permissions(program, std::filesystem::perms::owner_all);
    return message_of<IoError>([] { speak("red", {}); });
  };
  EXPECT_EQ(message("true"), "speak: espeak-ng wrote 0 bytes that are not the expected WAV stream: no RIFF header");
  EXPECT_EQ(message("printf 'RIFF0000WAVEfmt \\377\\377\\377\\377'"),
            "speak: espeak-ng wrote 20 bytes that are not the expected WAV stream: a chunk longer than the stream");
  EXPECT_EQ(message("printf 'RIFF0000WAVEdata0000'"),
            "speak: espeak-ng wrote 20 bytes that are not the expected WAV stream: no format before the samples");
  EXPECT_EQ(message("echo no voice >&2; exit 3"), "run_program: espeak-ng ended with status 3: no voice\n");
}

TEST(RunProgram, ReadsMoreThanAPipeHolds) {
  const std::string text = run_program({"sh", "-c",
                                        "i=0; while [ $i -lt 5000 ]; do echo 'this is a line of thirty-five chars'; "
                                        "i=$((i+1)); done; echo done >&2"},
                                       30s, "");
  EXPECT_EQ(text.size(), 5000u * 36);
}

TEST(RunProgram, EndsWhatTakesTooLong) {
  const auto begin = std::chrono::steady_clock::now();
  EXPECT_EQ(message_of<IoError>([] { run_program({"sleep", "60"}, 200ms, ""); }),
            "run_program: sleep was not done after 200 ms");
  EXPECT_LT(std::chrono::steady_clock::now() - begin, 30s);
}

TEST(RunProgram, SaysHowAProgramEnded) {
  EXPECT_EQ(message_of<IoError>([] { run_program({"sh", "-c", "kill -9 $$"}, 30s, ""); }),
            "run_program: sh ended by signal 9: ");
}

}  // namespace
}  // namespace triad::data
