// `triad embed`, with a run of the tiny data set and with a BERT of Hugging Face.
#include <cmath>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/harness/damage.h"
#include "tests/harness/data_path.h"
#include "tests/train/cli/run_triad.h"
#include "tests/train/loop/tiny_data.h"
#include "triad/core/tensor/views.h"
#include "triad/data/formats/png.h"
#include "triad/data/formats/safetensors.h"
#include "triad/ops/registry/comparison.h"
#include "triad/train/evaluate/embed_inputs.h"
#include "triad/train/pretrain.h"

namespace triad::train {
namespace {

namespace fs = std::filesystem;
using harness::TempFolder;
using harness::write_file;
using testing::HasSubstr;

/// A run that did one step, and files to embed; made once.
class EmbedRun : public testing::Test {
 protected:
  static void SetUpTestSuite() {
    folder_ = std::make_unique<TempFolder>();
    write_tiny_data(at("data"));
    Recipe recipe = tiny_recipe(at("data"));
    recipe.train.max_steps = 1;
    pretrain(recipe, {.out = at("run"), .only = "align"});
  }
  static void TearDownTestSuite() { folder_.reset(); }

  static fs::path at(std::string_view name) { return *folder_ / name; }
  static std::string file(std::string_view name, std::string_view bytes) {
    write_file(at(name), bytes);
    return at(name).string();
  }
  static CommandResult embed(std::vector<std::string> inputs) {
    const std::vector<std::string> model = {"embed", "--run", at("run").string(), "--out",
                                            at("out.safetensors").string()};
    inputs.insert(inputs.begin(), model.begin(), model.end());
    return run_triad(inputs);
  }
  /// The embeddings of a command that works.
  static Tensor embeddings(const std::vector<std::string>& inputs) {
    const CommandResult result = embed(inputs);
    EXPECT_EQ(result.code, 0) << result.err;
    const data::TensorMap tensors = data::read_safetensors(at("out.safetensors"));
    EXPECT_EQ(tensors.size(), 1u);
    const Tensor all = tensors.at("embeddings");
    EXPECT_EQ(all.size(1), 16);
    const std::vector<float> values = all.to_vector<float>();
    for (int64_t row = 0; row < all.size(0); ++row) {
      double square = 0;
      for (int64_t i = 0; i < 16; ++i) square += std::pow(values[static_cast<size_t>(16 * row + i)], 2);
      EXPECT_NEAR(square, 1, 1e-5) << "row " << row;
    }
    return all;
  }
  static std::vector<std::vector<std::string>> one_of_each();
  static Tensor row(const Tensor& all, int64_t index) { return views::slice(all, 0, index, index + 1); }

 private:
  static std::unique_ptr<TempFolder> folder_;
};

std::unique_ptr<TempFolder> EmbedRun::folder_;

std::string wav_bytes(std::span<const int16_t> samples, uint16_t rate) {
  const auto number = [](size_t value) {
    return std::string{static_cast<char>(value), static_cast<char>(value >> 8), 0, 0};
  };
  const size_t bytes = samples.size_bytes();
  return "RIFF" + number(36 + bytes) + "WAVEfmt " + number(16) + std::string("\1\0\1\0", 4) + number(rate) +
         number(2 * rate) + std::string("\2\0\x10\0", 4) + "data" + number(bytes) +
         std::string(reinterpret_cast<const char*>(samples.data()), bytes);
}

TEST_F(EmbedRun, TextsAreTheLinesOfAFile) {
  const Tensor texts = embeddings({"--text", "a red square", "--text", "", "--text", "[near the circle]"});
  EXPECT_EQ(texts.shape(), Shape({3, 16}));
  const std::string lines = file("lines.txt", "a red square\r\n\n[near the circle]");
  EXPECT_TRUE(ops::compare_bits(embeddings({"--text-file", lines}), texts).passed);
  EXPECT_FALSE(ops::compare(row(texts, 0), row(texts, 2), 1e-3).passed);
}

TEST_F(EmbedRun, MoreThanABatchIsTheSameAsOneByOne) {
  std::string lines;
  for (int i = 0; i < 203; ++i) lines += i % 3 ? "what colour is it\n" : "a red square\n";
  const Tensor all = embeddings({"--text-file", file("many.txt", lines)});
  ASSERT_EQ(all.size(0), 203);
  const Tensor alone = embeddings({"--text", "a red square"});
  for (const int64_t i : {0, 99, 102, 201}) EXPECT_TRUE(ops::compare(row(all, i), alone, 1e-5).passed) << i;
}

TEST_F(EmbedRun, FilesAreWhatTheDataSetHoldsOfThem) {
  const LoadedRun run = load_run(at("run"));
  const data::Sample sample = run.data->split("test").read(4);
  const std::span<const uint8_t> planes = sample["image"].as<uint8_t>();
  data::Image image{16, 16, 3, std::vector<uint8_t>(planes.size())};
  for (size_t i = 0; i < planes.size(); ++i) image.pixels[i % 256 * 3 + i / 256] = planes[i];
  const Tensor wanted = run.model->embed_image(collate_images({sample["image"]}), {});
  const std::string exact = file("exact.png", data::encode_png(image));
  EXPECT_TRUE(ops::compare(embeddings({"--image", exact}), wanted, 1e-5).passed);

  const std::span<const int16_t> samples = sample["audio"].as<int16_t>();
  const SpeechBatch batch = collate_speech({run.data->features(sample["audio"])});
  const Tensor heard = run.model->embed_speech(batch.frames_BFM, batch.lengths_B, {});
  EXPECT_TRUE(ops::compare(embeddings({"--audio", file("exact.wav", wav_bytes(samples, 8000))}), heard, 1e-5).passed);
}

TEST_F(EmbedRun, FilesOfOtherSizesChannelsAndRates) {
  const std::string grey = file("grey.png", data::encode_png({40, 23, 1, std::vector<uint8_t>(40 * 23, 200)}));
  const std::string dot = file("dot.png", data::encode_png({1, 1, 3, {200, 200, 200}}));
  const Tensor pictures = embeddings({"--image", grey, dot});
  ASSERT_EQ(pictures.size(0), 2);
  EXPECT_TRUE(ops::compare(row(pictures, 0), row(pictures, 1), 1e-5).passed);  // both are one grey at any size

  std::vector<int16_t> slow(1600), quick(3200);
  for (size_t i = 0; i < slow.size(); ++i)
    slow[i] = static_cast<int16_t>(9000 * std::sin(0.3 * static_cast<double>(i)));
  for (size_t i = 0; i < quick.size(); ++i)
    quick[i] = static_cast<int16_t>(9000 * std::sin(0.15 * static_cast<double>(i)));
  const Tensor sounds =
      embeddings({"--audio", file("8.wav", wav_bytes(slow, 8000)), file("16.wav", wav_bytes(quick, 16000)),
                  file("click.wav", wav_bytes(std::vector<int16_t>{9000}, 8000))});
  ASSERT_EQ(sounds.size(0), 3);
  EXPECT_TRUE(ops::compare(row(sounds, 0), row(sounds, 1), 0.05).passed);
  EXPECT_FALSE(ops::compare(row(sounds, 0), row(sounds, 2), 0.05).passed);
}

TEST_F(EmbedRun, ARunWithoutASharedSpaceIsWarnedAbout) {
  Recipe recipe = tiny_recipe(at("data"));
  recipe.train.max_steps = 1;
  pretrain(recipe, {.out = at("text-only"), .only = "text"});
  const auto err = [](const char* run) {
    return run_triad({"embed", "--run", at(run).string(), "--text", "a", "--out", at("w.safetensors").string()}).err;
  };
  EXPECT_THAT(err("text-only"),
              HasSubstr("triad: warning: " + at("text-only").string() + " has no stage align or joint"));
  EXPECT_EQ(err("run"), "");
}

TEST_F(EmbedRun, AFolderIsNoFileToWrite) {
  const CommandResult result = run_triad({"embed", "--run", at("run").string(), "--text", "a", "--out", "."});
  EXPECT_EQ(result.code, 1);
  EXPECT_EQ(result.err, "triad: file: cannot write .: it is a folder\n");
}

TEST_F(EmbedRun, WhatCannotBeReadIsNamedAndNothingIsWritten) {
  fs::remove(at("out.safetensors"));
  const std::string bad = file("bad.png", "no picture"), missing = at("missing").string(),
                    silent = file("silent.wav", wav_bytes({}, 8000)),
                    slow = file("slow.wav", wav_bytes(std::vector<int16_t>{1, 2}, 500));
  for (const auto& inputs : {std::vector<std::string>{"--image", bad},
                             {"--audio", bad},
                             {"--image", missing},
                             {"--audio", missing},
                             {"--audio", silent},
                             {"--audio", slow},
                             {"--text-file", missing},
                             {"--text-file", ""}}) {
    const CommandResult result = embed(inputs);
    EXPECT_EQ(result.code, 1);
    EXPECT_THAT(result.err, HasSubstr(inputs[1]));
    EXPECT_FALSE(fs::exists(at("out.safetensors")));
  }
  EXPECT_THAT(embed({"--text-file", file("empty.txt", "")}).err, HasSubstr("empty.txt: is empty"));
  EXPECT_EQ(run_triad({"embed", "--run", at("run").string(), "--text", "a", "--out", at("no/where").string()}).code, 1);
}

/// A text, a picture and a sound.
std::vector<std::vector<std::string>> EmbedRun::one_of_each() {
  return {{"--text", "a red square"},
          {"--image", file("one.png", data::encode_png({16, 16, 3, std::vector<uint8_t>(768, 90)}))},
          {"--audio", file("one.wav", wav_bytes(std::vector<int16_t>(900, 70), 8000))}};
}

TEST_F(EmbedRun, NeedsNoDataSet) {
  std::vector<Tensor> before;
  for (const auto& input : one_of_each()) before.push_back(embeddings(input));
  fs::rename(at("data"), at("moved"));
  for (size_t i = 0; i < before.size(); ++i)
    EXPECT_TRUE(ops::compare_bits(embeddings(one_of_each()[i]), before[i]).passed) << i;
  fs::rename(at("moved"), at("data"));
}

TEST_F(EmbedRun, AnOlderRunNeedsOfTheDataSetWhatDescribesItOnly) {
  fs::copy(at("run"), at("older"), fs::copy_options::recursive);
  fs::remove_all(at("older") / "tokenizer");
  fs::copy(at("data"), at("copy"));
  for (const auto& entry : fs::directory_iterator(at("data"))) {
    if (entry.path().extension() == ".h5") fs::remove(entry.path());
  }
  const auto embed_older = [] {
    return run_triad({"embed", "--run", at("older").string(), "--text", "a", "--out", at("o.safetensors").string()});
  };
  EXPECT_EQ(embed_older().code, 0);
  EXPECT_TRUE(
      ops::compare_bits(data::read_safetensors(at("o.safetensors")).at("embeddings"), embeddings({"--text", "a"}))
          .passed);
  fs::remove_all(at("data"));
  const CommandResult moved = embed_older();
  EXPECT_EQ(moved.code, 1);
  EXPECT_THAT(moved.err,
              HasSubstr("was trained on the data set tiny in " + at("data").string() + ", which is not there"));
  EXPECT_THAT(moved.err, HasSubstr("data.dir in " + (at("older") / "config.yaml").string()));
  fs::rename(at("copy"), at("data"));
}

TEST(EmbedCommand, HiddenStatesOfABertAreThoseOfTransformers) {
  const TempFolder folder;
  const fs::path bert = harness::golden_path("bert/masked_lm"), out = folder / "out.safetensors";
  const CommandResult result =
      run_triad({"embed", "--hf", bert.string(), "--text-file", (bert / "text.txt").string(), "--out", out.string()});
  ASSERT_EQ(result.code, 0) << result.err;
  EXPECT_THAT(result.out, HasSubstr("last_hidden_state [5, 12, 32]"));
  const data::TensorMap got = data::read_safetensors(out),
                        wanted = data::read_safetensors(bert / "expected.safetensors");
  for (const std::string name : {"last_hidden_state", "mean_pooled"}) {
    const ops::Comparison comparison = ops::compare(got.at(name), wanted.at("text." + name), 1e-5);
    EXPECT_TRUE(comparison.passed) << name << ": " << comparison.message;
  }
  EXPECT_EQ(got.at("attention_mask").dtype(), DType::boolean);
  EXPECT_EQ(got.at("attention_mask").to_vector<int64_t>(), wanted.at("text.attention_mask").to_vector<int64_t>());
}

TEST(EmbedCommand, BadUsageExitsWithTwo) {
  const auto usage = [](std::vector<std::string> arguments) {
    arguments.insert(arguments.begin(), "embed");
    return run_triad(arguments).code;
  };
  EXPECT_EQ(usage({"--text", "a", "--out", "o"}), 2);
  EXPECT_EQ(usage({"--run", "r", "--text", "a"}), 2);
  EXPECT_EQ(usage({"--run", "r", "--out", "o"}), 2);
  EXPECT_EQ(usage({"--run", "r", "--hf", "h", "--text", "a", "--out", "o"}), 2);
  EXPECT_EQ(usage({"--run", "r", "--text", "a", "--image", "i", "--out", "o"}), 2);
  EXPECT_EQ(usage({"--run", "r", "--image", "--out", "o"}), 2);
  EXPECT_EQ(usage({"--hf", "h", "--image", "i", "--out", "o"}), 2);
  EXPECT_EQ(usage({"--hf", "h", "--audio", "i", "--out", "o"}), 2);
  EXPECT_EQ(usage({"--hf", "h", "--text", "a", "--out", "o"}), 1);  // well put, but there is no h
}

}  // namespace
}  // namespace triad::train
