#include "triad/train/config/recipe.h"

#include <fstream>
#include <map>
#include <regex>
#include <set>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <yaml-cpp/yaml.h>

#include "tests/harness/data_path.h"
#include "tests/harness/message_of.h"
#include "triad/core/cpu/multiply_bf16.h"
#include "triad/train/model/model.h"

namespace triad::train {
namespace {

class RecipeFile : public testing::Test {
 protected:
  Recipe read(const std::string& text, const std::vector<std::string>& overrides = {}) {
    std::ofstream(file()) << text;
    return read_recipe(file(), overrides);
  }
  /// The message without the folder of the file.
  std::string error(const std::string& text, const std::vector<std::string>& overrides = {}) {
    std::string message = harness::message_of<ConfigError>([&] { read(text, overrides); });
    const size_t at = message.find(folder_.path().string() + "/");
    if (at != std::string::npos) message.erase(at, folder_.path().string().size() + 1);
    return message;
  }
  std::filesystem::path file() const { return folder_.path() / "r.yaml"; }

 private:
  harness::TempFolder folder_;
};

constexpr const char* kSmall = "name: small\ndata:\n  name: scenes\n  dir: somewhere\n";

TEST_F(RecipeFile, OptionsOfTheBuilderAreThoseThatAreGiven) {
  EXPECT_TRUE(read(kSmall).data.build.empty());
  const Recipe r = read(kSmall, {"data.build.questions=4"});
  EXPECT_EQ(r.data.build, (data::Attributes{{"questions", int64_t{4}}}));
  EXPECT_EQ(read(write_recipe(r)).data.build, r.data.build);
  EXPECT_THAT(
      error(kSmall, {"data.build.questons=4"}),
      testing::StartsWith("--set data.build.questons=4: unknown key\n  hint: did you mean 'questions'? Valid "));
  EXPECT_TRUE(read("name: x\ndata: {name: own, dir: d}\n").data.build.empty());
  EXPECT_TRUE(read("name: x\ndata: {name: own, dir: d, build: {}}\n").data.build.empty());
}

TEST_F(RecipeFile, AnUnknownDataSetWithOptionsIsRefusedByItsName) {
  EXPECT_EQ(error(std::string(kSmall) + "  build: {train: 5}\n", {"data.name=scene"}),
            "--set data.name=scene: unknown data set 'scene', which cannot be built\n"
            "  hint: did you mean 'scenes'? There are digits, folder, scenes, text");
}

TEST_F(RecipeFile, AbsentKeysKeepTheirDefaults) {
  const Recipe r = read(kSmall);
  EXPECT_EQ(r.name, "small");
  EXPECT_EQ(r.data.dir, "somewhere");
  EXPECT_EQ(r.model.shared_width, 128);
  EXPECT_EQ(r.text.steps, 0);
}

TEST_F(RecipeFile, KeysOfEveryKindAreRead) {
  const Recipe r = read(
      std::string(kSmall) +
      "model:\n  image: {stem_channels: [8, 16], width: 64, heads: 2}\n  text: {pooling: cls}\n"
      "stages:\n  text: {steps: 7, masked: 0.3, schedule: {shape: constant, peak: 1e-4}, optimizer: {kind: lamb}}\n"
      "train: {dtype: bf16, seed: 5}\n");
  EXPECT_EQ(r.model.image.stem_channels, (std::vector<int64_t>{8, 16}));
  EXPECT_EQ(r.model.text.pooling, nn::TextPooling::cls);
  EXPECT_EQ(r.text.schedule.shape, optim::ScheduleShape::constant);
  EXPECT_EQ(r.text.schedule.total_steps, 7);
  EXPECT_DOUBLE_EQ(r.text.schedule.peak, 1e-4);
  EXPECT_EQ(r.text.optimizer.kind, optim::OptimizerOptions::Kind::lamb);
  EXPECT_EQ(r.train.dtype, DType::bf16);
  EXPECT_EQ(r.train.seed, 5u);
}

TEST_F(RecipeFile, WhatIsWrittenReadsBackTheSame) {
  const std::string once =
      write_recipe(read(std::string(kSmall) + "stages: {align: {steps: 3, schedule: {peak: 0.00037}}}\n"));
  EXPECT_EQ(write_recipe(read(once)), once);
  EXPECT_NE(once.find("peak: 0.00037"), std::string::npos) << once;
}

TEST_F(RecipeFile, AnAutomaticDtypeIsSettledByTheProcessor) {
  const Recipe r = read(kSmall, {"train.dtype=auto"});
  EXPECT_EQ(r.train.dtype, cpu::has_bf16_pairs() ? DType::bf16 : DType::f32);
  EXPECT_EQ(write_recipe(r).find("auto"), std::string::npos) << "a run says what it computed in";
}

TEST_F(RecipeFile, TheLargestSeedReadsBackTheSame) {
  const std::string written = write_recipe(read(kSmall, {"train.seed=18446744073709551615"}));
  EXPECT_EQ(read(written).train.seed, ~uint64_t{0});
}

TEST_F(RecipeFile, OverridesWin) {
  const Recipe r = read(std::string(kSmall) + "train: {seed: 1}\n",
                        {"train.seed=9", "stages.joint.steps=4", "model.image.stem_channels=[4, 8]"});
  EXPECT_EQ(r.train.seed, 9u);
  EXPECT_EQ(r.joint.steps, 4);
  EXPECT_EQ(r.model.image.stem_channels, (std::vector<int64_t>{4, 8}));
}

TEST_F(RecipeFile, AnUnknownKeyIsRefusedWithPlaceAndNearestKey) {
  EXPECT_EQ(error(std::string(kSmall) + "train:\n  sede: 3\n"),
            "r.yaml:6: train.sede: unknown key\n"
            "  hint: did you mean 'seed'? Valid keys: seed, max_steps, dtype, log_every");
  EXPECT_EQ(error(kSmall, {"train.max_stepps=3"}),
            "--set train.max_stepps=3: unknown key\n"
            "  hint: did you mean 'max_steps'? Valid keys: seed, max_steps, dtype, log_every");
}

TEST_F(RecipeFile, AValueOfAnotherTypeIsRefused) {
  EXPECT_EQ(error(std::string(kSmall) + "train:\n  seed: five\n"),
            "r.yaml:6: train.seed: 'five' is not an integer from 0 to 18446744073709551615");
  EXPECT_EQ(error(kSmall, {"train.seed=-1"}),
            "--set train.seed=-1: '-1' is not an integer from 0 to 18446744073709551615");
  EXPECT_EQ(error(std::string(kSmall) + "train:\n  dtype: f8\n"),
            "r.yaml:6: train.dtype: 'f8' is not one of f32, bf16, auto");
  EXPECT_EQ(error(std::string(kSmall) + "model:\n  text: 3\n"), "r.yaml:6: model.text: expected keys with values");
  EXPECT_EQ(error(std::string(kSmall) + "stages: {text: {masked: .nan}}\n"),
            "r.yaml:5: stages.text.masked: '.nan' is not a finite number");
}

TEST_F(RecipeFile, AValueOutsideItsDomainIsRefused) {
  EXPECT_EQ(error(std::string(kSmall) + "stages:\n  text:\n    batch: 10\n    micro_batches: 4\n"),
            "r.yaml:8: stages.text.micro_batches: 4 does not divide a batch of 10");
  EXPECT_EQ(error(std::string(kSmall) + "model:\n  text: {width: 100, heads: 3}\n"),
            "r.yaml:6: model.text.heads: 3 heads do not divide a width of 100");
  EXPECT_EQ(error(std::string(kSmall) + "stages:\n  joint:\n    tasks: {contrast: {pairs: {text_image: -1}}}\n"),
            "r.yaml:7: stages.joint.tasks.contrast.pairs.text_image: -1 is negative");
  EXPECT_EQ(error(kSmall, {"stages.joint.tasks.answer.weight=-0.5"}),
            "--set stages.joint.tasks.answer.weight=-0.5: -0.5 is negative");
  EXPECT_EQ(error(kSmall, {"stages.joint.tasks.contrast.share=0"}),
            "--set stages.joint.tasks.contrast.share=0: 0 is outside of (0, 1]");
  EXPECT_EQ(error(kSmall, {"model.speech.first_stride=0"}), "--set model.speech.first_stride=0: 0 is not positive");
  EXPECT_EQ(error(kSmall, {"model.speech.hidden=7"}), "--set model.speech.hidden=7: 7 is not a positive multiple of 2");
  EXPECT_EQ(error(kSmall, {"model.text.max_positions=2"}),
            "--set model.text.max_positions=2: 2 leaves no room between [CLS] and [SEP]");
  EXPECT_EQ(error(kSmall, {"model.image.stem_channels=[]"}),
            "--set model.image.stem_channels=[]: 0 convolutions, expected 1 to 12");
  EXPECT_EQ(error(kSmall, {"model.text.layers=-3"}), "--set model.text.layers=-3: -3 is not positive");
  EXPECT_EQ(error(kSmall, {"model.fusion.layers=0"}), "--set model.fusion.layers=0: 0 is not positive");
  EXPECT_EQ(error(kSmall, {"model.fusion.heads=3"}),
            "--set model.fusion.heads=3: 3 heads do not divide the width of the text encoder, 256");
  EXPECT_EQ(error(kSmall, {"train.max_steps=-2"}), "--set train.max_steps=-2: -2 is negative");
  EXPECT_EQ(error(std::string(kSmall) + "  split: pool_text\n"),
            "r.yaml:5: data.split: 'pool_text' is trained on\n  hint: test or validation");
  for (const auto& [key, domain] : std::map<std::string, std::string>{
           {"stages.text.schedule.floor=1.5", "1.5 is no share of the peak, from 0 to 1"},
           {"model.initial_temperature=5", "5 is outside of [0.01, 1]"},
           {"model.initial_temperature=0", "0 is outside of [0.01, 1]"},
           {"data.loader_threads=100000", "100000 threads, expected 1 to 256"}})
    EXPECT_EQ(error(kSmall, {key}), str("--set ", key, ": ", domain));
  EXPECT_EQ(error("name: x\n"), "r.yaml: data: missing: the data set to train on");
}

TEST(Recipes, ThoseOfTheRepositoryMakeModels) {
  int found = 0;
  for (const auto& entry : std::filesystem::directory_iterator(harness::golden_path("../../configs"))) {
    const Recipe r = read_recipe(entry.path());
    const Model model(r.model, {.vocabulary = 300, .answers = 10}, r.speech.distances, {.seed = 1});
    EXPECT_EQ(entry.path().stem(), r.name);
    ++found;
  }
  EXPECT_GE(found, 3);
}

/// The last names of all keys below a node.
void names_below(const YAML::Node& node, std::set<std::string>& names) {
  for (const auto& entry : node) {
    if (entry.second.IsMap()) names_below(entry.second, names);
    else names.insert(entry.first.Scalar());
  }
}

TEST(Recipes, EveryKeyIsOnThePageAboutThem) {
  std::ifstream page(harness::golden_path("../../docs/recipes.md"));
  const std::string text{std::istreambuf_iterator<char>(page), {}};
  std::set<std::string> names;
  names_below(YAML::Load(write_recipe({.name = "x", .data = {.name = "own", .dir = "d"}})), names);
  EXPECT_GT(names.size(), 40u);
  for (const std::string& name : names) EXPECT_TRUE(std::regex_search(text, std::regex("[`.]" + name + "`"))) << name;
}

TEST_F(RecipeFile, ACosineHasNoCooldown) {
  EXPECT_EQ(error(std::string(kSmall) + "stages: {text: {steps: 9, schedule: {cooldown_steps: 2}}}\n"),
            "r.yaml:5: stages.text.schedule.cooldown_steps: a cosine has no cooldown; take shape: constant");
}

TEST_F(RecipeFile, AKeyThatIsGivenTwiceIsRefused) {
  EXPECT_EQ(error(std::string(kSmall) + "stages:\n  text:\n    steps: 5\n    batch: 4\n    steps: 2\n"),
            "r.yaml:9: stages.text.steps: is given twice");
  EXPECT_EQ(error(std::string(kSmall) + "name: again\n"), "r.yaml:5: name: is given twice");
}

TEST_F(RecipeFile, TheOverrideThatIsWrongIsNamed) {
  const std::string text = std::string(kSmall) + "stages:\n  text:\n    batch: 8\ntrain: {seed: 3}\n";
  EXPECT_EQ(error(text, {"train.seed=4", "stages.text.batch=0"}), "--set stages.text.batch=0: 0 is not positive");
  EXPECT_EQ(error(text, {"train=5"}), "--set train=5: expected keys with values");
  EXPECT_EQ(error(text, {"stages.text={batch: 0}"}), "--set stages.text={batch: 0}: 0 is not positive");
  EXPECT_EQ(
      error(text, {"train.max_steps="}),
      "--set train.max_steps=: an empty value is not an integer from -9223372036854775808 to 9223372036854775807");
  EXPECT_EQ(error(text, {"train.max_steps=[1]"}).substr(0, 46), "--set train.max_steps=[1]: a list is not an in");
  EXPECT_EQ(error(text + "checkpoint: {every: -1}\n", {"train.seed=4"}), "r.yaml:9: checkpoint.every: -1 is negative");
}

TEST_F(RecipeFile, AStageThatCanLearnNothingIsRefused) {
  EXPECT_EQ(
      error(std::string(kSmall) + "stages:\n  align:\n    pairs: {text_image: 0, speech_image: 0, text_speech: 0}\n"),
      "r.yaml:7: stages.align.pairs: all weights are 0: there is no pair to learn from");
  EXPECT_EQ(error(std::string(kSmall) +
                  "stages:\n  joint:\n    tasks:\n      contrast: {weight: 0}\n      answer: {weight: 0}\n"),
            "r.yaml:8: stages.joint.tasks.contrast: both tasks have weight 0: there is nothing to learn");
  EXPECT_EQ(error(std::string(kSmall) + "stages:\n  speech: {frame_weight: 0, feature_weight: 0}\n"),
            "r.yaml:6: stages.speech.frame_weight: both weights are 0: there is nothing to learn");
}

TEST_F(RecipeFile, TextThatIsNotUtf8IsRefusedWithItsLine) {
  const std::string bad = "\xff";
  EXPECT_EQ(error(std::string(kSmall) + "# ti" + bad + "ny\n"),
            "r.yaml:5: not UTF-8\n  hint: convert it: iconv -f LATIN1 -t UTF-8");
  EXPECT_EQ(error(kSmall, {"name=" + bad}), "--set name=" + bad + ": not UTF-8");
}

TEST_F(RecipeFile, ANameThatIsNoFileNameIsRefused) {
  const std::string rest = "data: {name: scenes, dir: somewhere}\n";
  for (const char* name : {"../up/x y", "..", ".hidden", "a/b", "\"a\\nb\"", "\"a\\x7f\""}) {
    const std::string message = error("name: " + std::string(name) + "\n" + rest);
    EXPECT_THAT(message, testing::StartsWith("r.yaml:1: name: cannot be part of the name of a folder")) << name;
  }
  EXPECT_EQ(error("name: ''\n" + rest), "r.yaml:1: name: missing: a name for runs of this recipe");
  EXPECT_EQ(read("name: tiny ü v1.2\n" + rest).name, "tiny ü v1.2");
}

TEST_F(RecipeFile, DamagedFilesAreRefused) {
  EXPECT_EQ(error("name: [1, 2\n").substr(0, 8), "r.yaml:2");
  EXPECT_EQ(error("just a text"), "r.yaml: expected keys with values");
  EXPECT_EQ(error(kSmall, {"train"}), "--set train: expected key=value, such as train.max_steps=10");
  EXPECT_EQ(harness::message_of<ConfigError>([] { read_recipe("/nowhere/x.yaml"); }),
            "/nowhere/x.yaml: cannot be read: file: cannot open /nowhere/x.yaml: No such file or directory\n"
            "  hint: recipes lie in configs/, such as configs/demo.yaml");
  EXPECT_EQ(error(""), "r.yaml: expected keys with values");
  EXPECT_EQ(error(std::string(5000, '[')).substr(0, 7), "r.yaml:");
  EXPECT_EQ(error(std::string("\x00\xff\x01", 3)).substr(0, 7), "r.yaml:");
  EXPECT_EQ(error("a: &a [x, x, x]\nb: &b [*a, *a, *a]\nname: [*b, *b, *b]\n").substr(0, 7), "r.yaml:");
}

}  // namespace
}  // namespace triad::train
