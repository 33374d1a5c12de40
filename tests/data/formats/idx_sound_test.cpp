#include <cmath>
#include <fstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <zlib.h>

#include "tests/data/sound_file.h"
#include "tests/harness/damage.h"
#include "tests/harness/data_path.h"
#include "tests/harness/message_of.h"
#include "triad/core/base/philox.h"
#include "triad/data/formats/durable_file.h"
#include "triad/data/formats/idx.h"
#include "triad/data/formats/sound.h"

namespace triad::data {
namespace {

using harness::data_path;
using harness::message_of;
using harness::TempFolder;
using harness::write_file;
using testing::HasSubstr;

const std::string kIdx(
    "\0\0\x08\x02\0\0\0\x02\0\0\0\x03"
    "abcdef",
    18);

TEST(Idx, ReadsPlainAndCompressedFiles) {
  const TempFolder folder;
  write_file(folder / "plain", kIdx);
  gzFile gz = gzopen((folder / "gz").c_str(), "wb");
  gzwrite(gz, kIdx.data(), static_cast<unsigned>(kIdx.size()));
  gzclose(gz);
  for (const char* name : {"plain", "gz"}) {
    const IdxArray array = read_idx(folder / name);
    EXPECT_EQ(array.shape, (Shape{2, 3}));
    EXPECT_EQ(std::string(array.values.begin(), array.values.end()), "abcdef");
  }
}

TEST(Idx, ReadsMnist) {
  const auto mnist = data_path("mnist");
  if (mnist.empty()) GTEST_SKIP() << "no data set mnist";
  const IdxArray images = read_idx(mnist / "train-images-idx3-ubyte.gz"),
                 labels = read_idx(mnist / "train-labels-idx1-ubyte.gz");
  EXPECT_EQ(images.shape, (Shape{60000, 28, 28}));
  EXPECT_EQ(labels.shape, (Shape{60000}));
  EXPECT_EQ(std::vector<uint8_t>(labels.values.begin(), labels.values.begin() + 5),
            (std::vector<uint8_t>{5, 0, 4, 1, 9}));
}

TEST(Idx, DamageIsNamed) {
  const TempFolder folder;
  const auto message = [&](std::string_view bytes) {
    write_file(folder / "x", bytes);
    return message_of<IoError>([&] { read_idx(folder / "x"); });
  };
  const std::string path = (folder / "x").string();
  EXPECT_EQ(message(""), "idx: " + path + " is not an IDX file");
  EXPECT_EQ(message("PNG 123456"), "idx: " + path + " is not an IDX file");
  EXPECT_EQ(message(kIdx.substr(0, 10)), "idx: " + path + " ends in its header");
  EXPECT_EQ(message(kIdx.substr(0, 15)), "idx: " + path + " ends after 3 of the 6 bytes of shape [2, 3]");
  EXPECT_EQ(message(kIdx + "g"), "idx: " + path + " has more than the 6 bytes of shape [2, 3]");
  std::string changed = kIdx;
  changed[2] = 0x0D;
  EXPECT_EQ(message(changed), "idx: " + path + " holds elements of kind 13, expected 8, unsigned bytes");
  changed = kIdx;
  changed[4] = changed[8] = '\xff';
  EXPECT_THAT(message(changed), HasSubstr(" claims shape [4278190082, "));
  EXPECT_THAT(message_of<IoError>([&] { read_idx(folder / "none"); }), HasSubstr("No such file"));
  EXPECT_THAT(message_of<IoError>([&] { read_idx(folder.path()); }), HasSubstr(" is not a regular file"));

  gzFile gz = gzopen((folder / "gz").c_str(), "wb");
  const std::string large = kIdx.substr(0, 4) + std::string("\0\0\x01\0\0\0\0\x10", 8) + std::string(4096, 'x');
  gzwrite(gz, large.data(), static_cast<unsigned>(large.size()));
  gzclose(gz);
  const std::string packed = read_whole_file(folder / "gz", 1 << 20);
  EXPECT_EQ(read_idx(folder / "gz").values.size(), 4096u);
  for (size_t size = 1; size < packed.size() - 8; ++size) {
    EXPECT_NE(message(packed.substr(0, size)), "nothing was thrown") << size;
  }
}

/// A WAV file of 16-bit samples.
std::string wav(const std::vector<int16_t>& samples, uint32_t rate, uint16_t channels) {
  const auto number = [](uint32_t value, size_t bytes) {
    std::string text;
    for (size_t i = 0; i < bytes; ++i) text += static_cast<char>(value >> (8 * i));
    return text;
  };
  std::string data;
  for (const int16_t s : samples) data += number(static_cast<uint16_t>(s), 2);
  const std::string format = number(1, 2) + number(channels, 2) + number(rate, 4) + number(rate * channels * 2, 4) +
                             number(channels * 2u, 2) + number(16, 2);
  const std::string body =
      "WAVEfmt " + number(16, 4) + format + "data" + number(static_cast<uint32_t>(data.size()), 4) + data;
  return "RIFF" + number(static_cast<uint32_t>(body.size()), 4) + body;
}

TEST(Wav, SixteenBitSamplesAreExactAndChannelsAreMixed) {
  const TempFolder folder;
  write_file(folder / "mono.wav", wav({0, 1, -32768, 32767}, 8000, 1));
  const Waveform mono = read_waveform(folder / "mono.wav");
  EXPECT_EQ(mono.sample_rate, 8000);
  EXPECT_EQ(mono.samples, (std::vector<float>{0, 1 / 32768.0f, -1, 32767 / 32768.0f}));
  write_file(folder / "stereo.wav", wav({100, 300, -50, 50}, 16000, 2));
  EXPECT_EQ(read_waveform(folder / "stereo.wav").samples, (std::vector<float>{200 / 32768.0f, 0}));
  write_file(folder / "empty.wav", wav({}, 8000, 1));
  EXPECT_TRUE(read_waveform(folder / "empty.wav").samples.empty());
}

TEST(Wav, EveryTruncationIsAnError) {
  const TempFolder folder;
  const std::string whole = wav(std::vector<int16_t>(50, 77), 8000, 1);
  for (size_t size = 0; size < whole.size(); ++size) {
    write_file(folder / "cut.wav", whole.substr(0, size));
    EXPECT_THROW(read_waveform(folder / "cut.wav"), IoError) << size;
  }
  EXPECT_THAT(message_of<IoError>([&] { read_waveform(folder / "cut.wav"); }),
              HasSubstr("cut.wav is cut off: it has 143 bytes of 144"));
}

TEST(Wav, DamageNeverCrashes) {
  const TempFolder folder;
  const std::string whole = wav(std::vector<int16_t>(50, 77), 8000, 1);
  RandomStream random(RandomKey{.seed = 4});
  for (int i = 0; i < 2000; ++i) {
    std::string damaged = whole;
    for (int k = 0; k < 3; ++k) damaged[random.below(48)] = static_cast<char>(random.below(256));
    write_file(folder / "x.wav", damaged);
    try {
      read_waveform(folder / "x.wav");
    } catch (const IoError&) {
    }
  }
  EXPECT_EQ(message_of<IoError>([&] { read_waveform(folder / "none.wav"); }),
            "sound: no file " + (folder / "none.wav").string());
  write_file(folder / "text.wav", "this is no sound");
  EXPECT_THAT(message_of<IoError>([&] { read_waveform(folder / "text.wav"); }),
              HasSubstr("text.wav is no sound file that can be read: "));
}

TEST(Flac, ReadsWhatWasWritten) {
  const TempFolder folder;
  std::vector<int16_t> samples(600 * 8000);  // ten minutes
  for (size_t i = 0; i < samples.size(); ++i) samples[i] = static_cast<int16_t>(i % 3001);
  write_sound(folder / "long.flac", samples, 8000);
  const Waveform sound = read_waveform(folder / "long.flac");
  EXPECT_EQ(sound.sample_rate, 8000);
  ASSERT_EQ(sound.samples.size(), samples.size());
  EXPECT_EQ(sound.samples[3000], 3000 / 32768.0f);
}

TEST(Flac, DamageIsAnErrorOrGivesSound) {
  const TempFolder folder;
  std::vector<int16_t> samples(9000);
  RandomStream random(RandomKey{.seed = 8});
  for (int16_t& v : samples) v = static_cast<int16_t>(random.below(2000));
  write_sound(folder / "whole.flac", samples, 8000);
  const std::string whole = read_whole_file(folder / "whole.flac", 1 << 20);
  for (size_t size = 0; size < whole.size(); size += size < 200 ? 1 : 61) {
    write_file(folder / "x.flac", whole.substr(0, size));
    EXPECT_THAT(message_of<IoError>([&] { read_waveform(folder / "x.flac"); }), HasSubstr((folder / "x.flac").string()))
        << size;
  }
  const int refused = harness::survives_damage(whole, 2000, [&](const std::string& bytes) {
    write_file(folder / "x.flac", bytes);
    read_waveform(folder / "x.flac");
  });
  EXPECT_GT(refused, 200);  // of what the decoder's checksums see
}

TEST(Flac, EqualsThePublishedWav) {
  const auto folder = data_path("ljspeech_mini");
  if (folder.empty()) GTEST_SKIP() << "no data set ljspeech_mini";
  int checked = 0;
  for (const auto& entry : std::filesystem::directory_iterator(folder / "flac")) {
    const auto wav = folder / "wav" / entry.path().filename().replace_extension(".wav");
    EXPECT_EQ(read_waveform(entry.path()), read_waveform(wav)) << entry.path();
    if (++checked == 5) break;
  }
  EXPECT_EQ(checked, 5);
}

TEST(Wav, ReadsSpokenDigits) {
  const auto fsdd = data_path("fsdd/recordings/7_jackson_10.wav");
  if (fsdd.empty()) GTEST_SKIP() << "no data set fsdd";
  const Waveform seven = read_waveform(fsdd);
  EXPECT_EQ(seven.sample_rate, 8000);
  EXPECT_GT(seven.samples.size(), 1500u);
}

}  // namespace
}  // namespace triad::data
