#include <algorithm>
#include <fstream>
#include <map>
#include <set>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/harness/damage.h"
#include "tests/harness/data_path.h"
#include "tests/harness/message_of.h"
#include "triad/core/base/error.h"
#include "triad/data/build/builder.h"
#include "triad/data/build/digit_sentences.h"
#include "triad/data/formats/idx.h"
#include "triad/data/shards/sharded_dataset.h"

namespace triad::data {
namespace {

using harness::data_path;
using harness::message_of;
using harness::TempFolder;
using testing::HasSubstr;

std::string big_endian(uint32_t v) {
  return {static_cast<char>(v >> 24), static_cast<char>(v >> 16), static_cast<char>(v >> 8), static_cast<char>(v)};
}

void write_below(const std::filesystem::path& path, std::string_view bytes) {
  std::filesystem::create_directories(path.parent_path());
  harness::write_file(path, bytes);
}

/// Pictures of 2 × 2 pixels; the first pixel is the number of the picture, the second its digit.
void write_mnist(const std::filesystem::path& folder, const std::string& prefix, const std::vector<int>& digits) {
  const auto n = static_cast<uint32_t>(digits.size());
  std::string images = big_endian(0x803) + big_endian(n) + big_endian(2) + big_endian(2),
              labels = big_endian(0x801) + big_endian(n);
  for (size_t i = 0; i < digits.size(); ++i) {
    images += {static_cast<char>(i), static_cast<char>(digits[i]), 0, 0};
    labels += static_cast<char>(digits[i]);
  }
  write_below(folder / (prefix + "-images-idx3-ubyte"), images);
  write_below(folder / (prefix + "-labels-idx1-ubyte"), labels);
}

/// A WAV file of two samples, the digit and the index.
void write_clip(const std::filesystem::path& folder, int digit, const std::string& speaker, int index) {
  std::string data = "RIFF";
  data += std::string("\x28\0\0\0WAVEfmt \x10\0\0\0\1\0\1\0\x40\x1f\0\0\x80\x3e\0\0\2\0\x10\0data\4\0\0\0", 40);
  data += {static_cast<char>(digit), 0, static_cast<char>(index), 0};
  write_below(folder / (std::to_string(digit) + "_" + speaker + "_" + std::to_string(index) + ".wav"), data);
}

Manifest build(const std::filesystem::path& mnist, const std::filesystem::path& fsdd, const std::filesystem::path& out,
               const Attributes& given = {}) {
  const Builder& builder = builder_named("digits");
  BuildRequest request{.out = out, .seed = 1};
  for (const BuilderOption& option : builder.options) request.options[option.name] = option.value;
  for (const auto& [name, value] : given) request.options[name] = value;
  request.options["mnist"] = mnist.string();
  request.options["fsdd"] = fsdd.string();
  return builder.build(request);
}

TEST(DigitSentences, HeldOutFormsAreOthersAndEveryOneNamesItsDigit) {
  std::map<std::string, int> digit_of;
  for (int digit = 0; digit < 10; ++digit) {
    for (const SentencePart part : {SentencePart::kTraining, SentencePart::kHeldOut}) {
      const std::vector<std::string> sentences = digit_sentences(digit, part);
      EXPECT_GE(sentences.size(), 12u);
      for (const std::string& sentence : sentences) {
        EXPECT_TRUE(digit_of.emplace(sentence, digit).second) << sentence;
        const bool has_word = sentence.find(kDigitNames[static_cast<size_t>(digit)]) != sentence.npos;
        EXPECT_TRUE(has_word || sentence.find(std::to_string(digit)) != sentence.npos) << sentence;
      }
    }
  }
  EXPECT_TRUE(digit_of.contains("this is an eight"));
  EXPECT_THROW(digit_sentences(10, SentencePart::kTraining), ValueError);
}

class BuildDigits : public testing::Test {
 protected:
  BuildDigits() {
    std::vector<int> training;
    for (int i = 0; i < 120; ++i) training.push_back(i % 10);
    write_mnist(folder / "mnist/raw", "train", training);
    write_mnist(folder / "mnist", "t10k", {3, 1, 4, 1, 5, 9, 2, 6, 0, 7, 8});
    for (int digit = 0; digit < 10; ++digit) {
      for (const int index : {0, 4, 5, 9, 10, 49}) write_clip(folder / "fsdd/recordings", digit, "anna", index);
    }
    write_below(folder / "fsdd/README.txt", "not a clip");
  }

  TempFolder folder;
};

TEST_F(BuildDigits, SplitsFollowTheFilesAndPairsShareTheirDigit) {
  build(folder / "mnist", folder / "fsdd", folder / "set", {{"pairs", int64_t{100}}, {"sentences", int64_t{50}}});
  const ShardedDataset dataset(folder / "set");
  EXPECT_EQ(dataset.split("pool_image").size(), 110);  // a twelfth of 120 is for validation
  EXPECT_EQ(dataset.split("pool_speech").size(), 20);
  EXPECT_EQ(dataset.split("pool_text").size(), 50);
  EXPECT_EQ(dataset.split("train").size(), 100);
  for (const char* name : {"train", "validation", "test"}) {
    const SplitReader& split = dataset.split(name);
    for (int64_t i = 0; i < split.size(); ++i) {
      const Sample sample = split.read(i);
      const auto label = sample["label"].scalar<int64_t>();
      EXPECT_EQ(sample["identity"].scalar<int64_t>(), label);
      EXPECT_EQ(sample["image"].as<uint8_t>()[1], label);
      const auto audio = sample["audio"].as<int16_t>();
      if (!audio.empty()) {
        EXPECT_EQ(audio[0], label);
        const int index = audio[1];
        EXPECT_EQ(index < 5 ? "test" : index < 10 ? "validation" : "train", std::string(name));
      }
      if (std::string(name) == "train") {
        EXPECT_FALSE(audio.empty());
      }
      const auto part = std::string(name) == "train" ? SentencePart::kTraining : SentencePart::kHeldOut;
      const auto sentences = digit_sentences(static_cast<int>(label), part);
      EXPECT_TRUE(std::ranges::count(sentences, sample["text"].text())) << sample["text"].text();
    }
  }
  // Every clip of the test part once, every picture at least once.
  std::multiset<std::pair<int, int>> clips;
  std::set<int> pictures;
  const SplitReader& test = dataset.split("test");
  for (int64_t i = 0; i < test.size(); ++i) {
    const Sample sample = test.read(i);
    pictures.insert(sample["image"].as<uint8_t>()[0]);
    const auto audio = sample["audio"].as<int16_t>();
    if (!audio.empty()) clips.emplace(audio[0], audio[1]);
  }
  EXPECT_EQ(pictures.size(), 11u);
  EXPECT_EQ(clips.size(), 20u);
  EXPECT_EQ(std::set(clips.begin(), clips.end()).size(), 20u);
  EXPECT_EQ(dataset.manifest().integer("sample_rate"), 8000);
  EXPECT_EQ(dataset.manifest().list("label_names")[7], "seven");
}

TEST_F(BuildDigits, HeldOutFilesAloneGiveATestSplit) {
  std::filesystem::remove_all(folder / "mnist/raw");
  for (int digit = 0; digit < 10; ++digit) {
    for (const int index : {5, 9, 10, 49}) {
      std::filesystem::remove(folder / "fsdd/recordings" /
                              (std::to_string(digit) + "_anna_" + std::to_string(index) + ".wav"));
    }
  }
  const Manifest manifest = build(folder / "mnist", folder / "fsdd", folder / "set");
  ASSERT_EQ(manifest.splits.size(), 1u);
  EXPECT_EQ(manifest.splits[0].name, "test");
  EXPECT_EQ(manifest.splits[0].samples, 20);  // two clips a digit, at most two pictures
}

TEST_F(BuildDigits, AsTestTakesEverything) {
  const Manifest manifest = build(folder / "mnist", folder / "fsdd", folder / "set", {{"as-test", true}});
  ASSERT_EQ(manifest.splits.size(), 1u);
  EXPECT_EQ(manifest.splits[0].name, "test");
}

TEST_F(BuildDigits, EqualInputGivesEqualData) {
  const Attributes few = {{"pairs", int64_t{50}}, {"sentences", int64_t{10}}};
  EXPECT_EQ(build(folder / "mnist", folder / "fsdd", folder / "1", few).fingerprint(),
            build(folder / "mnist", folder / "fsdd", folder / "2", few).fingerprint());
}

TEST_F(BuildDigits, BadInputIsNamed) {
  const auto message = [&] {
    return message_of<IoError>([&] { build(folder / "mnist", folder / "fsdd", folder / "set"); });
  };
  write_mnist(folder / "mnist", "t10k", {3, 10});
  EXPECT_THAT(message(), HasSubstr("t10k-labels-idx1-ubyte: label 1 is 10, expected 0 to 9"));
  std::filesystem::remove(folder / "mnist/t10k-labels-idx1-ubyte");
  EXPECT_THAT(message(), HasSubstr("no labels for " + (folder / "mnist/t10k-images-idx3-ubyte").string()));
  write_below(folder / "mnist/t10k-labels-idx1-ubyte", big_endian(0x801) + big_endian(1) + std::string(1, '\0'));
  EXPECT_THAT(message(), HasSubstr("t10k-labels-idx1-ubyte has shape [1]"));
  std::filesystem::remove_all(folder / "mnist");
  EXPECT_THAT(message(), HasSubstr("mnist: No such file"));
  std::filesystem::create_directory(folder / "mnist");
  EXPECT_THAT(message(), HasSubstr("no MNIST files in "));
  write_mnist(folder / "mnist", "train", {1, 2});
  write_below(folder / "fsdd/recordings/3_anna_10.wav", "RIFF");
  EXPECT_THAT(message(), HasSubstr("3_anna_10.wav"));
  std::filesystem::remove_all(folder / "fsdd/recordings");
  EXPECT_THAT(message(), HasSubstr("no spoken digits in "));
  EXPECT_FALSE(std::filesystem::exists(folder / "set"));
}

TEST(BuildDigitsFromPublishedFiles, HasTheSizesOfTheOfficialSplits) {
  const auto mnist = data_path("mnist"), fsdd = data_path("fsdd");
  if (mnist.empty() || fsdd.empty()) GTEST_SKIP() << "no data sets mnist and fsdd";
  const TempFolder folder;
  const Manifest manifest = build(mnist, fsdd, folder / "set", {{"pairs", int64_t{500}}});
  EXPECT_EQ(manifest.split("pool_image").samples, 55000);
  EXPECT_EQ(manifest.split("pool_speech").samples, 2400);
  EXPECT_EQ(manifest.split("validation").samples, 5000);
  EXPECT_EQ(manifest.split("test_image").samples, 5000);  // clips 0 to 4 are not among these files
  const ShardedDataset dataset(folder / "set");
  int64_t spoken = 0;
  for (const int64_t length : dataset.split("validation").lengths("audio")) spoken += length > 0;
  EXPECT_EQ(spoken, 300);
  EXPECT_EQ(dataset.split("pool_image").read(0, "label").scalar<int64_t>(), 5);
}

}  // namespace
}  // namespace triad::data
