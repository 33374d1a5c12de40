// The commands a person or a script trains with, as they are typed.
#include <filesystem>
#include <fstream>
#include <regex>

#include <gmock/gmock.h>
#include <nlohmann/json.hpp>

#include "tests/harness/damage.h"
#include "tests/harness/data_path.h"
#include "tests/train/cli/run_triad.h"
#include "tests/train/loop/tiny_data.h"
#include "triad/data/formats/folder_lock.h"
#include "triad/data/formats/safetensors.h"
#include "triad/data/shards/manifest.h"

namespace triad::train {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;

class TrainCommands : public testing::Test {
 protected:
  TrainCommands() {
    write_tiny_data(folder_ / "data");
    harness::write_file(folder_ / "tiny.yaml", write_recipe(tiny_recipe(folder_ / "data")));
  }

  std::string at(const std::string& name) const { return (folder_ / name).string(); }

  CommandResult pretrain(std::vector<std::string> options) const {
    options.insert(options.begin(), {"pretrain", at("tiny.yaml"), "--set", "train.max_steps=2"});
    return run_triad(options);
  }

  harness::TempFolder folder_;
};

TEST_F(TrainCommands, SeedAndOverridesDecideTheRun) {
  ASSERT_EQ(pretrain({"--out", at("a"), "--only", "text", "--seed", "5"}).code, 0);
  ASSERT_EQ(pretrain({"--out", at("b"), "--only", "text", "--set", "train.seed=5"}).code, 0);
  ASSERT_EQ(pretrain({"--out", at("c"), "--only", "text", "--seed", "6"}).code, 0);
  EXPECT_EQ(read_recipe(at("a") + "/config.yaml").train.seed, 5u);
  const CommandResult same = run_triad({"ckpt", "diff", at("a"), at("b")});
  EXPECT_EQ(same.code, 0);
  EXPECT_EQ(same.out, "");
  const CommandResult other = run_triad({"ckpt", "diff", at("a"), at("c")});
  EXPECT_EQ(other.code, 1);
  EXPECT_THAT(other.out, HasSubstr("parameters/text.tokens.weight\n"));
  EXPECT_EQ(other.out.find("optimizer/"), std::string::npos);
  EXPECT_THAT(run_triad({"ckpt", "diff", "--all", at("a"), at("c")}).out, HasSubstr("optimizer/"));
}

TEST_F(TrainCommands, ResumeAutoStartsAndGoesOn) {
  const std::vector<std::string> command = {"--out", at("run"), "--only", "text", "--resume", "auto"};
  ASSERT_EQ(pretrain(command).code, 0);
  std::vector<std::string> longer = command;
  longer.insert(longer.end(), {"--set", "train.max_steps=4"});
  ASSERT_EQ(pretrain(longer).code, 0);
  EXPECT_THAT(run_triad({"ckpt", "ls", at("run")}).out, HasSubstr("text-4.h5"));
  ASSERT_EQ(pretrain({"--out", at("whole"), "--only", "text", "--set", "train.max_steps=4"}).code, 0);
  EXPECT_EQ(run_triad({"ckpt", "diff", "--all", at("run"), at("whole")}).code, 0);
}

TEST_F(TrainCommands, FromStartsWithTheWeightsOfAnotherRun) {
  ASSERT_EQ(pretrain({"--out", at("first"), "--only", "text"}).code, 0);
  ASSERT_EQ(run_triad({"ckpt", "export", at("first"), "--out", at("first.safetensors")}).code, 0);
  ASSERT_EQ(pretrain({"--out", at("next"), "--only", "align", "--from", at("first")}).code, 0);
  ASSERT_EQ(pretrain({"--out", at("again"), "--only", "align", "--from", at("first.safetensors")}).code, 0);
  ASSERT_EQ(pretrain({"--out", at("fresh"), "--only", "align"}).code, 0);
  EXPECT_EQ(run_triad({"ckpt", "diff", "--all", at("next"), at("again")}).code, 0);
  EXPECT_EQ(run_triad({"ckpt", "diff", at("next"), at("fresh")}).code, 1);
}

TEST_F(TrainCommands, EvalPrintsWhatItWrites) {
  ASSERT_EQ(pretrain({"--out", at("run")}).code, 0);
  const CommandResult own = run_triad({"eval", at("run"), "--json", at("own.json")});
  ASSERT_EQ(own.code, 0) << own.err;
  EXPECT_EQ(harness::read_file(at("own.json")), own.out);
  std::ifstream in(at("run") + "/summary.json");
  const auto summary = nlohmann::json::parse(in), measured = nlohmann::json::parse(own.out);
  for (const auto& [key, value] : measured.items()) EXPECT_EQ(summary[key], value) << key;

  write_tiny_data(at("other"), {.samples = 30});
  const CommandResult other = run_triad({"eval", at("run"), "--data", at("other")});
  ASSERT_EQ(other.code, 0) << other.err;
  EXPECT_EQ(nlohmann::json::parse(other.out)["retrieval"]["image->text"]["n"], 30);
}

TEST_F(TrainCommands, EvalMeasuresOnTheSplitThatIsNamed) {
  ASSERT_EQ(pretrain({"--out", at("run"), "--only", "align"}).code, 0);
  write_tiny_data(at("other"), {.held_out = "compositional"});
  const CommandResult named = run_triad({"eval", at("run"), "--data", at("other"), "--split", "compositional"});
  ASSERT_EQ(named.code, 0) << named.err;
  EXPECT_EQ(nlohmann::json::parse(named.out)["split"], "compositional");
  for (const char* split : {"tset", "train"}) {
    const CommandResult refused = run_triad({"eval", at("run"), "--split", split});
    EXPECT_EQ(refused.code, 2);
    EXPECT_EQ(refused.err,
              str("triad: --split: '", split, "' is no held-out split of ", at("data"), "\n  hint: there are test\n"));
  }
}

TEST_F(TrainCommands, WhatTheDataDoNotAllowToMeasureIsNamed) {
  ASSERT_EQ(pretrain({"--out", at("run")}).code, 0);
  write_tiny_data(at("texts"), {.kind = TinyKind::text});
  const CommandResult result = run_triad({"eval", at("run"), "--data", at("texts")});
  EXPECT_EQ(result.code, 0);
  EXPECT_THAT(result.err, HasSubstr("not measured: retrieval and probes: split 'test' has no column 'identity'\n"));
}

TEST_F(TrainCommands, WhatARunDoesNotMeasureIsSaidByBothCommands) {
  testing::internal::CaptureStderr();
  const int code = pretrain({"--out", at("run"), "--only", "image"}).code;
  const std::string said = testing::internal::GetCapturedStderr();
  ASSERT_EQ(code, 0) << said;
  const std::string missing =
      "not measured: anything: a run that ends with stage image has nothing to measure on 'test'\n";
  EXPECT_THAT(said, HasSubstr(missing));
  EXPECT_EQ(run_triad({"eval", at("run")}).err, missing);
}

TEST_F(TrainCommands, AStageWithoutStepsIsNamed) {
  const CommandResult result = pretrain({"--out", at("run"), "--only", "joint", "--set", "stages.joint.steps=0"});
  EXPECT_EQ(result.code, 2);
  EXPECT_EQ(result.err,
            "triad: stages.joint.steps: 0, so --only joint has nothing to run\n"
            "  hint: --set stages.joint.steps=N\n");
}

TEST_F(TrainCommands, AFolderWithOtherFilesIsNoRun) {
  fs::create_directory(at("out"));
  harness::write_file(at("out/config.yaml"), "");
  const CommandResult refused = pretrain({"--out", at("out"), "--only", "text", "--resume", "auto"});
  EXPECT_EQ(refused.code, 2);
  EXPECT_THAT(refused.err,
              HasSubstr("--out " + at("out") + ": is no run, but has a config.yaml which a run would replace"));
  EXPECT_EQ(std::distance(fs::directory_iterator(at("out")), {}), 1);
  fs::remove(at("out/config.yaml"));
  harness::write_file(at("out/log.txt"), "");
  harness::write_file(at("out/.lock"), "");  // of a process that was killed
  EXPECT_EQ(pretrain({"--out", at("out"), "--only", "text"}).code, 0);
}

TEST_F(TrainCommands, AFolderThatCannotBeUsedIsNamedInASentence) {
  harness::write_file(at("file"), "");
  const CommandResult result = pretrain({"--out", at("file") + "/run", "--only", "text"});
  EXPECT_EQ(result.code, 1);
  EXPECT_THAT(result.err, HasSubstr("triad: " + at("file") + "/run"));
  EXPECT_THAT(result.err, HasSubstr(" cannot be used: Not a directory\n"));
}

TEST_F(TrainCommands, ARunKnowsItsDataSet) {
  ASSERT_EQ(pretrain({"--out", at("run"), "--only", "text"}).code, 0);
  const std::string own = str(data::read_manifest(at("data")).identity());
  const auto resume = [&](const std::string& data) {
    return pretrain({"--out", at("run"), "--only", "text", "--resume", "auto", "--set", "data.dir=" + at(data)});
  };
  fs::copy(at("data"), at("moved"));
  EXPECT_EQ(resume("moved").code, 0);
  write_tiny_data(at("redrawn"), {.seed = 4});
  const CommandResult refused = resume("redrawn");
  EXPECT_EQ(refused.code, 2);
  EXPECT_THAT(refused.err, HasSubstr("data.dir: " + at("redrawn") + " holds the data set " +
                                     str(data::read_manifest(at("redrawn")).identity()) + ", but the run " + at("run") +
                                     " began with " + own));
  // Other weights may start on other data, if that has the same words.
  const auto from = [&](const std::string& weights, const std::string& data, const std::string& out) {
    return pretrain({"--out", at(out), "--only", "text", "--from", at(weights), "--set", "data.dir=" + at(data)});
  };
  ASSERT_EQ(run_triad({"ckpt", "export", at("run"), "--out", at("w.safetensors")}).code, 0);
  write_tiny_data(at("reworded"), {.vocabulary = "a blue red green black square circle near the what colour is it"});
  for (const char* weights : {"run", "w.safetensors"}) {
    EXPECT_EQ(from(weights, "redrawn", str("on redrawn ", weights)).code, 0);
    const CommandResult reworded = from(weights, "reworded", "none");
    EXPECT_EQ(reworded.code, 2);
    EXPECT_THAT(reworded.err, HasSubstr("was trained with the vocabulary of the data set " + own));
  }
  EXPECT_FALSE(fs::exists(at("none")));

  const auto replaced_by = [&](const std::string& data, const std::vector<std::string>& command) {
    fs::remove_all(at("moved"));
    fs::copy(at(data), at("moved"));
    return run_triad(command);
  };
  const std::vector<std::string> eval = {"eval", at("run")},
                                 embed = {"embed", "--run", at("run"), "--text", "a", "--out", at("e")};
  EXPECT_EQ(replaced_by("data", eval).code, 0);
  const CommandResult other = replaced_by("redrawn", eval);
  EXPECT_EQ(other.code, 1);
  EXPECT_THAT(other.err, HasSubstr(at("run") + ": was trained on the data set " + own + ", but " + at("moved") +
                                   " now holds tiny "));
  fs::remove_all(at("run") + "/tokenizer");  // as in a run of an older program
  EXPECT_EQ(replaced_by("redrawn", embed).code, 0);
  EXPECT_THAT(replaced_by("reworded", embed).err, HasSubstr("with another vocabulary"));
}

TEST_F(TrainCommands, TwoCannotWriteInOneFolder) {
  ASSERT_EQ(pretrain({"--out", at("run"), "--only", "text"}).code, 0);
  const std::vector<std::string> build = {"data",       "build", "text",  "--from",   at("tiny.yaml"),
                                          "--held-out", "0",     "--out", at("built")};
  fs::create_directory(at("built"));
  {
    const data::FolderLock first(at("run")), second(at("built"));
    const CommandResult run = pretrain({"--out", at("run"), "--only", "text", "--resume", "auto"});
    EXPECT_EQ(run.code, 1);
    EXPECT_THAT(run.err, HasSubstr(at("run") + " is being written by another process"));
    const CommandResult built = run_triad(build);
    EXPECT_EQ(built.code, 1);
    EXPECT_THAT(built.err, HasSubstr(at("built") + " is being written by another process"));
  }
  EXPECT_EQ(pretrain({"--out", at("run"), "--only", "text", "--resume", "auto"}).code, 0);
  EXPECT_EQ(run_triad(build).code, 0);
  for (const char* folder : {"run", "built"}) EXPECT_FALSE(fs::exists(fs::path(at(folder)) / data::kLockName));
}

TEST_F(TrainCommands, ARunIsNamedAfterItsRecipeAndTheTime) {
  const fs::path before = fs::current_path();
  fs::current_path(folder_.path());
  const CommandResult result = pretrain({"--only", "text"});
  fs::current_path(before);
  ASSERT_EQ(result.code, 0) << result.err;
  const fs::path run = fs::directory_iterator(at("runs"))->path();
  EXPECT_TRUE(std::regex_match(run.filename().string(), std::regex("tiny-[0-9]{8}-[0-9]{6}"))) << run;
}

TEST_F(TrainCommands, MistakesAreToldApartByExitStatus) {
  for (const std::vector<std::string>& usage : {std::vector<std::string>{"--only", "txet"},
                                                {"--from", at("nowhere")},
                                                {"--set", "train.sede=1"},
                                                {"--seed", "-1"},
                                                {"--resume", "maybe"}}) {
    std::vector<std::string> options = usage;
    options.insert(options.end(), {"--out", at("run")});
    EXPECT_EQ(pretrain(options).code, 2) << usage[1];
    EXPECT_FALSE(fs::exists(at("run"))) << usage[1];
  }
  EXPECT_EQ(run_triad({"eval", at("nowhere")}).code, 1);
  EXPECT_EQ(run_triad({"ckpt", "ls", at("nowhere")}).code, 1);
}

}  // namespace
}  // namespace triad::train
