// What training promises: resuming changes no bit, cutting a batch into pieces changes nothing, bad gradients stop the run.
#include <cmath>
#include <fstream>
#include <functional>
#include <limits>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <hdf5.h>
#include <nlohmann/json.hpp>

#include "tests/harness/damage.h"
#include "tests/harness/data_path.h"
#include "tests/harness/message_of.h"
#include "tests/train/loop/tiny_data.h"
#include "triad/autograd/autograd.h"
#include "triad/data/formats/durable_file.h"
#include "triad/data/formats/hdf5.h"
#include "triad/train/checkpoint/checkpoint.h"
#include "triad/train/checkpoint/checkpoint_folder.h"
#include "triad/train/loop/accumulate.h"
#include "triad/train/metrics/metrics_file.h"
#include "triad/train/pretrain.h"
#include "triad/train/stages/pairs.h"
#include "triad/train/stages/single_modality.h"

namespace triad::train {
namespace {

class Training : public testing::Test {
 protected:
  Training() { write_tiny_data(folder_ / "data"); }

  std::filesystem::path at(std::string_view name) const { return folder_ / name; }
  /// Every logged loss of a run, by stage and step.
  static std::map<std::string, double> losses(const std::filesystem::path& run) {
    std::map<std::string, double> all;
    for (const MetricsLine& line : read_metrics(run / "metrics.jsonl"))
      all[str(line.stage, " ", line.step)] = line.values.at("loss");
    return all;
  }
  Recipe recipe() const { return tiny_recipe(folder_ / "data"); }

 private:
  harness::TempFolder folder_;
};

TEST_F(Training, TwentyStepsAreTenAndAResumeAndTen) {
  Recipe r = recipe();
  r.checkpoint = {.every = 10, .keep = 5};
  r.train.log_every = 4;  // lines 12 tell of steps on both sides of the checkpoint
  r.joint.tasks.contrast.share = 0.5;
  pretrain(r, {.out = at("whole")});
  const auto end = checkpoint_path(at("whole") / "checkpoints", "joint", 20);
  // As if killed after ten steps of a stage: what came later is gone, and the run goes on.
  for (size_t killed = 0; killed < kStageNames.size(); ++killed) {
    const std::filesystem::path run = at(str("killed-", killed));
    std::filesystem::copy(at("whole"), run, std::filesystem::copy_options::recursive);
    for (size_t stage = killed; stage < kStageNames.size(); ++stage) {
      for (const int64_t step : {10, 20}) {
        if (stage > killed || step > 10)
          std::filesystem::remove(checkpoint_path(run / "checkpoints", std::string(kStageNames[stage]), step));
      }
    }
    pretrain(r, {.out = run, .resume = true});
    EXPECT_EQ(differing_tensors(end, checkpoint_path(run / "checkpoints", "joint", 20), Content::everything),
              std::vector<std::string>())
        << kStageNames[killed];
    EXPECT_EQ(losses(run), losses(at("whole"))) << kStageNames[killed];
  }
}

TEST_F(Training, ARunDirectoryHoldsWhatScriptsRelyOn) {
  Recipe r = recipe();
  r.train.max_steps = 2;
  pretrain(r, {.out = at("run")});
  for (const char* name : {"config.yaml", "metrics.jsonl", "summary.json", "report.html", "checkpoints/joint-2.h5"})
    EXPECT_TRUE(std::filesystem::exists(at("run") / name)) << name;
  std::ifstream in(at("run") / "summary.json");
  const auto summary = nlohmann::json::parse(in);
  EXPECT_EQ(summary["recipe"], "tiny");
  EXPECT_EQ(summary["retrieval"]["text->image"]["n"], 20);
  for (const char* key : {"total", "text", "image", "speech", "align", "joint"})
    EXPECT_TRUE(summary["seconds"].contains(key)) << key;
  EXPECT_FALSE(summary.contains("probe"));  // the data has no labels
  EXPECT_EQ(harness::message_of<ConfigError>([&] { pretrain(r, {.out = at("run")}); }).substr(0, 5), "--out");
}

/// Gradients of the first batch of a stage, cut into `pieces`.
std::vector<std::vector<float>> gradients(const Recipe& recipe, const TrainingData& data, std::string_view stage_name,
                                          int64_t pieces, StepLoss& loss) {
  const std::unique_ptr<Model> model = make_model(recipe, data);
  const auto comm = comm::make_single();
  const StageSetup setup{recipe, data, *model, *comm};
  std::unique_ptr<Stage> stage;
  if (stage_name == "text") stage = make_text_stage(setup);
  else if (stage_name == "image") stage = make_image_stage(setup);
  else if (stage_name == "speech") stage = make_speech_stage(setup);
  else if (stage_name == "align") stage = make_align_stage(setup);
  else stage = make_joint_stage(setup);
  stage->load();
  loss = accumulate_gradients(*stage, pieces, {.training = true, .key = {.seed = 5, .site = 9}}, *comm);
  std::vector<std::vector<float>> all;
  for (const NamedParameter& p : stage->parameters()) {
    const Tensor g = grad(p.parameter->value());
    all.push_back(g.defined() ? g.to_vector<float>() : std::vector<float>());
  }
  return all;
}

TEST_F(Training, ABatchInPiecesHasTheGradientOfTheBatch) {
  const Recipe r = recipe();
  const TrainingData data(r.data.dir, r.model.text.max_positions);
  for (const std::string_view stage : kStageNames) {
    StepLoss whole_loss, cut_loss;
    const auto whole = gradients(r, data, stage, 1, whole_loss), cut = gradients(r, data, stage, 4, cut_loss);
    EXPECT_NEAR(whole_loss.total, cut_loss.total, 1e-5 * (1 + std::abs(whole_loss.total))) << stage;
    ASSERT_EQ(whole.size(), cut.size());
    const auto size_of = [](const std::vector<float>& g) {
      double largest = 0;
      for (const float v : g) largest = std::max(largest, std::abs(static_cast<double>(v)));
      return largest;
    };
    double largest = 0;
    for (const auto& g : whole) largest = std::max(largest, size_of(g));
    EXPECT_GT(largest, 0) << stage;
    for (size_t p = 0; p < whole.size(); ++p) {
      ASSERT_EQ(whole[p].size(), cut[p].size()) << stage;
      // Some gradients are zero but for rounding, such as that of a bias of attention's keys.
      const double allowed = std::max(1e-5 * size_of(whole[p]), 1e-7 * largest);
      for (size_t i = 0; i < whole[p].size(); ++i) EXPECT_NEAR(whole[p][i], cut[p][i], allowed) << stage << " " << p;
    }
  }
}

TEST_F(Training, AStageTrainsItsOwnParametersOnly) {
  Recipe r = recipe();
  r.train.max_steps = 3;
  const TrainingData data(r.data.dir, r.model.text.max_positions);
  const std::unique_ptr<Model> fresh = make_model(r, data);
  pretrain(r, {.out = at("text"), .only = "text"});
  const LoadedRun run = load_run(at("text"));
  const auto before = nn::parameters_of(*fresh), after = nn::parameters_of(*run.model);
  for (size_t i = 0; i < before.size(); ++i) {
    const bool same = before[i].parameter->value().to_vector<float>() == after[i].parameter->value().to_vector<float>();
    const bool trained = before[i].name.starts_with("text.") || before[i].name.starts_with("masked_lm.");
    EXPECT_TRUE(same || trained) << before[i].name << " moved";
  }
}

TEST_F(Training, ADamagedCheckpointIsPassedOver) {
  Recipe r = recipe();
  r.train.max_steps = 4;
  r.checkpoint.every = 2;
  pretrain(r, {.out = at("run"), .only = "text"});
  const auto newest = checkpoint_path(at("run") / "checkpoints", "text", 4);
  std::filesystem::resize_file(newest, std::filesystem::file_size(newest) / 2);
  EXPECT_EQ(newest_checkpoint(at("run") / "checkpoints"), checkpoint_path(at("run") / "checkpoints", "text", 2));
}

TEST_F(Training, AFullDiskEndsTheRunAndLosesNoCheckpoint) {
  Recipe r = recipe();
  r.train.max_steps = 4;
  r.checkpoint.every = 2;
  pretrain(r, {.out = at("run"), .only = "text"});
  const auto kept = checkpoint_path(at("run") / "checkpoints", "text", 4);
  const std::string before = harness::read_file(kept);
  {
    r.train.max_steps = 8;
    const harness::FullDisk disk(100'000);
    ASSERT_GT(before.size(), 100'000u);
    EXPECT_THAT(harness::message_of<IoError>([&] { pretrain(r, {.out = at("run"), .only = "text", .resume = true}); }),
                testing::HasSubstr("text-6.h5.partial"));
  }
  EXPECT_EQ(harness::read_file(kept), before);
  EXPECT_EQ(newest_checkpoint(at("run") / "checkpoints"), kept);
  for (const auto& entry : std::filesystem::directory_iterator(at("run") / "checkpoints"))
    EXPECT_EQ(entry.path().extension(), ".h5");
  pretrain(r, {.out = at("run"), .only = "text", .resume = true});
  EXPECT_EQ(newest_checkpoint(at("run") / "checkpoints"), checkpoint_path(at("run") / "checkpoints", "text", 8));
}

TEST_F(Training, ARunGoesOnWithItsOwnRecipe) {
  Recipe r = recipe();
  r.train.max_steps = 2;
  pretrain(r, {.out = at("run"), .only = "text"});
  const std::string config = harness::read_file(at("run") / "config.yaml");
  const auto refusal = [&](const Recipe& other) {
    return harness::message_of<ConfigError>(
        [&] { pretrain(other, {.out = at("run"), .only = "text", .resume = true}); });
  };
  Recipe other = r;
  other.text.schedule.peak = 2e-3;
  EXPECT_THAT(refusal(other), testing::StartsWith("stages.text.schedule.peak: 0.002, but the run began with 0.001 ("));
  other = r;
  other.model.shared_width = 8;
  EXPECT_THAT(refusal(other), testing::StartsWith("model.shared_width: 8, but the run began with 16 ("));
  EXPECT_EQ(harness::read_file(at("run") / "config.yaml"), config);
  r.checkpoint.every = 1;
  r.train.log_every = 1;
  pretrain(r, {.out = at("run"), .only = "text", .resume = true});
}

TEST_F(Training, ARunLeavesOutNoStageAndNoStepOfOne) {
  Recipe r = recipe();
  r.train.max_steps = 2;
  const auto refusal = [&](const char* run, const PretrainOptions& options = {}) {
    PretrainOptions complete = options;
    complete.out = at(run), complete.resume = true;
    return harness::message_of<ConfigError>([&] { pretrain(r, complete); });
  };
  pretrain(r, {.out = at("run"), .only = "image"});
  EXPECT_THAT(refusal("run"), testing::StartsWith("stages.text: the run " + at("run").string() +
                                                  " is in stage image after 0 of 2 steps of this one"));
  EXPECT_THAT(refusal("run", {.only = "text"}),
              testing::HasSubstr("the run is in stage image, which is not to be run"));
  r.align.steps = r.joint.steps = 0;
  pretrain(r, {.out = at("text"), .only = "text"});
  pretrain(r, {.out = at("text"), .resume = true});  // the stages that follow are all there is to do
  EXPECT_EQ(newest_checkpoint(at("text") / "checkpoints"), checkpoint_path(at("text") / "checkpoints", "speech", 2));
  r.train.max_steps = 3;
  EXPECT_THAT(refusal("text"), testing::HasSubstr("is in stage speech after 2 of 3 steps of this one"));
}

TEST_F(Training, SaysWhereTheTimeOfAStepWentIfAsked) {
  Recipe r = recipe();
  r.train.max_steps = 2;
  testing::internal::CaptureStderr();
  pretrain(r, {.out = at("run"), .only = "text", .profile = true});
  const std::string said = testing::internal::GetCapturedStderr();
  for (const char* row :
       {"a step of stage text:\n    the step ", "waiting for data", "attention backward", "between kernels"})
    EXPECT_THAT(said, testing::HasSubstr(row));
}

/// What `auto` stands for is not left to be guessed.
TEST_F(Training, SaysWhatItComputesIn) {
  Recipe r = recipe();
  r.train.max_steps = 1;
  r.train.dtype = DType::bf16;
  testing::internal::CaptureStderr();
  pretrain(r, {.out = at("run"), .only = "text"});
  EXPECT_THAT(testing::internal::GetCapturedStderr(), testing::HasSubstr("computing in bf16\n"));
}

TEST_F(Training, AFinishedRunIsLeftAsItIs) {
  Recipe r = recipe();
  r.train.max_steps = 2;
  const std::filesystem::path run = at("run");
  pretrain(r, {.out = run, .only = "text"});
  const auto state = [&] {
    std::map<std::string, std::filesystem::file_time_type> times;
    for (const auto& entry : std::filesystem::recursive_directory_iterator(run))
      times[entry.path().string()] = entry.last_write_time();
    return times;
  };
  const auto before = state();
  pretrain(r, {.out = run, .only = "text", .resume = true});
  EXPECT_EQ(state(), before);
  std::filesystem::remove(run / "report.html");
  pretrain(r, {.out = run, .only = "text", .resume = true});
  EXPECT_TRUE(std::filesystem::exists(run / "report.html"));
}

TEST_F(Training, ARunThatDiedBeforeItsFirstCheckpointBeginsAgain) {
  Recipe r = recipe();
  r.train.max_steps = 2;
  r.train.log_every = 1;
  pretrain(r, {.out = at("run"), .only = "text"});
  std::filesystem::remove_all(at("run") / "checkpoints");
  pretrain(r, {.out = at("run"), .only = "text", .resume = true});
  const std::vector<MetricsLine> lines = read_metrics(at("run") / "metrics.jsonl");
  ASSERT_EQ(lines.size(), 2u);
  EXPECT_EQ(lines[0].step, 1);
  EXPECT_EQ(lines[1].step, 2);
}

TEST_F(Training, WhatDoesNotFitTheDataIsRefusedBeforeAnythingStarts) {
  const auto refusal = [&](const std::function<void(Recipe&)>& change) {
    Recipe r = recipe();
    change(r);
    const std::string message = harness::message_of<ConfigError>([&] { pretrain(r, {.out = at("run")}); });
    EXPECT_FALSE(std::filesystem::exists(at("run"))) << message;
    return message;
  };
  EXPECT_EQ(refusal([](Recipe& r) { r.data.split = "tset"; }),
            "data.split: 'tset' is no held-out split of " + at("data").string() + "\n  hint: there are test");
  EXPECT_THAT(refusal([](Recipe& r) { r.data.name = "scenes"; }),
              testing::HasSubstr("holds the data set tiny, not scenes"));
  EXPECT_EQ(refusal([](Recipe& r) { r.joint.batch = 25; }),
            "stages.joint.batch: 25, but the split train has 24 samples");
  EXPECT_EQ(refusal([](Recipe& r) { r.model.image.image_channels = 1; }),
            "model.image.image_channels: 1, but the pictures have 3");
  EXPECT_EQ(refusal([](Recipe& r) { r.model.image.stem_channels = {8, 8, 8, 8, 8}; }),
            "model.image.stem_channels: 5 convolutions of stride 2 do not divide pictures of 16×16 pixels");
  EXPECT_EQ(
      refusal([](Recipe& r) { r.model.image.stem_channels = {8, 8, 8}; }),
      "model.image.stem_channels: 3 convolutions of stride 2 leave 2×2 tokens of a picture of 16×16 pixels, too few to "
      "hide a part of them\n  hint: fewer convolutions, or stages.image.steps: 0");
  EXPECT_EQ(refusal([](Recipe& r) { r.model.speech.mels = 80; }),
            "model.speech.mels: 80 bands, the sound of tiny has 40");
}

TEST_F(Training, DamagedShardsAreFoundBeforeTheFirstStage) {
  for (const char* split : {"pool_text", "train", "train_questions", "test", "test_questions"}) {
    const std::filesystem::path shard = at("data") / str(split, "-00000.h5");
    const std::string good = harness::read_file(shard);
    std::string bad = good;
    bad[bad.size() / 2] ^= 1;
    harness::write_file(shard, bad);
    EXPECT_THAT(harness::message_of<IoError>([&] { pretrain(recipe(), {.out = at("run")}); }),
                testing::HasSubstr(shard.string() + " does not have the checksum"));
    harness::write_file(shard, good);
    EXPECT_FALSE(std::filesystem::exists(at("run"))) << split;
  }
}

/// A data set of texts that says that `triad data build scenes` made it.
void write_scenes(const std::filesystem::path& folder, const data::Attributes& options) {
  data::DatasetWriter writer(folder, "scenes", {.generator = "scenes", .options = options});
  data::ShardWriter& pool = writer.split("pool_text", {{"text", data::ElementType::u8, true, {}}});
  for (int i = 0; i < 8; ++i) pool.add({std::string("a a a a")});
  writer.add_file("vocab.txt", "[PAD]\n[UNK]\n[CLS]\n[SEP]\n[MASK]\na\n");
  writer.set_attribute("tokenizer", std::string("vocab.txt"));
  writer.finish();
}

TEST_F(Training, ADataSetBuiltWithOtherOptionsThanTheRecipeSetsIsRefused) {
  write_scenes(at("built"), {{"questions", int64_t{3}}, {"clips", int64_t{60}}, {"train", int64_t{9}}});
  Recipe r = recipe();
  r.data = {.name = "scenes", .dir = at("built"), .build = {{"questions", int64_t{4}}, {"clips", int64_t{7}}}};
  EXPECT_EQ(
      harness::message_of<ConfigError>([&] { pretrain(r, {.out = at("run"), .only = "text"}); }),
      "data.build: " + at("built").string() +
          " was built with clips 60 instead of 7, questions 3 instead of 4\n"
          "  hint: to train on it as it is: --set data.build.clips=60 --set data.build.questions=3; or give another "
          "data.dir: what is not there is built as the recipe says");
  r.data.build = {{"questions", int64_t{3}}};  // it says nothing about the rest
  r.train.max_steps = 1;
  pretrain(r, {.out = at("run"), .only = "text"});
  EXPECT_EQ(std::get<int64_t>(read_recipe(at("run") / "config.yaml").data.build.at("clips")), 60);
}

TEST_F(Training, OptionsOfTheBuilderAreNamedAsInTheRecipe) {
  Recipe r = recipe();
  r.data = {.name = "folder", .dir = at("new")};
  EXPECT_THAT(harness::message_of<ConfigError>([&] { pretrain(r, {.out = at("run")}); }),
              testing::HasSubstr("give data.build.images, data.build.sounds, data.build.texts or data.build.pairs"));
  r.data.build = {{"size", int64_t{0}}};
  EXPECT_THAT(harness::message_of<ConfigError>([&] { pretrain(r, {.out = at("run")}); }),
              testing::HasSubstr("data.build.size is 0, expected 1 to 4096"));
}

TEST_F(Training, AStageThatFindsNothingToLearnFromIsRefused) {
  const auto refusal = [&](const std::filesystem::path& data, const std::function<void(Recipe&)>& change) {
    Recipe r = tiny_recipe(data);
    change(r);
    const std::string message = harness::message_of<ConfigError>([&] { pretrain(r, {.out = at("run")}); });
    EXPECT_FALSE(std::filesystem::exists(at("run"))) << message;
    return message;
  };
  EXPECT_EQ(refusal(at("data"), [](Recipe& r) { r.model.speech.first_stride = 100; }),
            "model.speech: strides of 100 and 2 leave nothing to predict of the longest sound, 37 frames\n"
            "  hint: smaller strides, or stages.speech.steps: 0");
  write_tiny_data(at("digits"), {.kind = TinyKind::digits});  // without questions
  EXPECT_THAT(refusal(at("digits"), [](Recipe& r) { r.joint.tasks.contrast.weight = 0; }),
              testing::StartsWith("stages.joint: the data set tiny has nothing to train this stage on"));
}

TEST_F(Training, HostileCheckpointsAreRefused) {
  Recipe r = recipe();
  r.train.max_steps = 1;
  pretrain(r, {.out = at("run"), .only = "text"});
  const auto file = checkpoint_path(at("run") / "checkpoints", "text", 1);
  const std::string good = harness::read_file(file);
  const auto path = at("x.h5");
  const int refused = harness::survives_damage(good, 100, [&](const std::string& bytes) {
    harness::write_file(path, bytes);
    read_progress(path);
    differing_tensors(path, path, Content::everything);
  });
  EXPECT_GT(refused, 200);
  harness::write_file(path, "");
  EXPECT_THAT(harness::message_of<IoError>([&] { read_progress(path); }), testing::HasSubstr(path.string()));
  EXPECT_THAT(harness::message_of<IoError>([&] { read_progress(at("data")); }),
              testing::HasSubstr(at("data").string()));
}

TEST_F(Training, EveryFlippedBitOfACheckpointIsFound) {
  Recipe r = recipe();
  r.train.max_steps = 1;
  pretrain(r, {.out = at("run"), .only = "text"});
  const auto checkpoints = at("run") / "checkpoints", file = checkpoint_path(checkpoints, "text", 1);
  std::string bytes = harness::read_file(file);
  const size_t stride = bytes.size() / 500 + 1;
  for (size_t from_end = 1; from_end <= bytes.size(); from_end += from_end < 4000 ? 7 : stride) {
    bytes[bytes.size() - from_end] ^= '\x10';
    harness::write_file(file, bytes);
    bytes[bytes.size() - from_end] ^= '\x10';
    EXPECT_THAT(harness::message_of<IoError>([&] { differing_tensors(file, file, Content::everything); }),
                testing::HasSubstr(file.string() + " is damaged"));
  }
  EXPECT_EQ(newest_checkpoint(checkpoints), std::nullopt);
}

TEST_F(Training, AGroupInsideItselfEnds) {
  const auto path = at("loop.h5");
  {
    auto file = data::hdf5::File::create(path);
    file.set_attribute("schema", int64_t{2});
    const std::vector<float> one = {1};
    file.write<float>("parameters/a", one, {1}, {});
    file.close();
  }
  const hid_t file = H5Fopen(path.c_str(), H5F_ACC_RDWR, H5P_DEFAULT);
  ASSERT_GE(H5Lcreate_hard(file, "parameters", file, "parameters/again", H5P_DEFAULT, H5P_DEFAULT), 0);
  H5Fclose(file);
  data::seal(path);
  EXPECT_THAT(harness::message_of<IoError>([&] { differing_tensors(path, path, Content::everything); }),
              testing::HasSubstr("nest"));
}

TEST_F(Training, AFewGroupsWithManyWaysBetweenThemEnd) {
  const auto path = at("ways.h5");
  {
    auto file = data::hdf5::File::create(path);
    file.set_attribute("schema", int64_t{2});
    std::string group = "parameters";
    for (int depth = 0; depth < 12; ++depth) group += "/0";
    const std::vector<float> one = {1};
    file.write<float>(group + "/a", one, {1}, {});
    file.close();
  }
  const hid_t file = H5Fopen(path.c_str(), H5F_ACC_RDWR, H5P_DEFAULT);
  std::string group = "parameters";
  for (int depth = 0; depth < 12; ++depth, group += "/0") {  // nine more names for each group: 10^12 paths
    for (char name = '1'; name <= '9'; ++name)
      ASSERT_GE(
          H5Lcreate_hard(file, (group + "/0").c_str(), file, (group + "/" + name).c_str(), H5P_DEFAULT, H5P_DEFAULT),
          0);
  }
  H5Fclose(file);
  data::seal(path);
  EXPECT_THAT(harness::message_of<IoError>([&] { read_parameters(path); }), testing::HasSubstr("too many"));
}

TEST_F(Training, AnEmptyPoolIsRefused) {
  const auto folder = at("empty");
  data::DatasetWriter writer(folder, "tiny", {.generator = "test"});
  writer.split("pool_text", {{"text", data::ElementType::u8, true, {}}});
  writer.add_file("vocab.txt", "[PAD]\n[UNK]\n[CLS]\n[SEP]\n[MASK]\na\n");
  writer.set_attribute("tokenizer", std::string("vocab.txt"));
  writer.finish();
  Recipe r = tiny_recipe(folder);
  EXPECT_THAT(harness::message_of<ConfigError>([&] { pretrain(r, {.out = at("run"), .only = "text"}); }),
              testing::HasSubstr("nothing to train this stage on"));
  EXPECT_FALSE(std::filesystem::exists(at("run")));
}

TEST_F(Training, ADamagedTokenizerIsNamed) {
  for (const auto& [name, content] : {std::pair("vocab.txt", "[PAD]\n\n"), std::pair("x.model", "no model")}) {
    const auto folder = at(name);
    data::DatasetWriter writer(folder, "tiny", {.generator = "test"});
    writer.add_file(name, content);
    writer.set_attribute("tokenizer", std::string(name));
    writer.finish();
    EXPECT_THAT(harness::message_of<IoError>([&, &folder = folder] { TrainingData(folder, 16); }),
                testing::StartsWith((folder / name).string()));
  }
}

}  // namespace
}  // namespace triad::train
