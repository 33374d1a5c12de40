// The program itself, with standard streams that are closed, full or without a reader.
#include <cstdlib>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/wait.h>

#include "tests/harness/damage.h"
#include "tests/harness/data_path.h"
#include "tests/train/loop/tiny_data.h"
#include "triad/train/metrics/metrics_file.h"

namespace triad::train {
namespace {

class Program : public testing::Test {
 protected:
  /// The exit status of a command of bash, in which $T is the program.
  int run(const std::string& command) const {
    const std::string script = "cd " + folder_.path().string() + " && T=" TRIAD_PROGRAM "\n" + command;
    harness::write_file(at("script"), script);
    const int status = std::system(("bash " + at("script")).c_str());
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
  }
  std::string at(const std::string& name) const { return (folder_ / name).string(); }

  harness::TempFolder folder_;
};

TEST_F(Program, WhatIsMeantForAPersonNeverEntersAFile) {
  write_tiny_data(at("data"));
  harness::write_file(at("tiny.yaml"), write_recipe(tiny_recipe(at("data"))));
  ASSERT_EQ(run("$T pretrain tiny.yaml --only text --set train.max_steps=12 --out run >&- 2>&-"), 0);
  const std::vector<MetricsLine> lines = read_metrics(at("run/metrics.jsonl"));
  ASSERT_EQ(lines.size(), 3u);
  EXPECT_EQ(lines.back().step, 12);
  for (const auto& entry : std::filesystem::recursive_directory_iterator(at("run"))) {
    if (!entry.is_regular_file()) continue;
    EXPECT_THAT(harness::read_file(entry), testing::Not(testing::HasSubstr("samples/s  ETA"))) << entry.path();
  }
}

TEST_F(Program, TrainingGoesOnWithoutAReader) {
  write_tiny_data(at("data"));
  harness::write_file(at("tiny.yaml"), write_recipe(tiny_recipe(at("data"))));
  EXPECT_EQ(run("set -o pipefail; $T pretrain tiny.yaml --only text --out run 2>&1 | true"), 0);
  EXPECT_TRUE(std::filesystem::exists(at("run/summary.json")));
}

TEST_F(Program, LostOutputIsAFailureAndAReaderThatLeavesIsNone) {
  EXPECT_EQ(run("$T data list >/dev/full 2>err"), 1);
  EXPECT_EQ(harness::read_file(at("err")),
            "triad: standard output cannot be written: what was to be shown is not complete\n");
  EXPECT_EQ(run("set -o pipefail; $T data build scenes --help 2>err | true"), 0);
  EXPECT_EQ(harness::read_file(at("err")), "");
  EXPECT_EQ(run("$T data list >&-"), 0);
}

}  // namespace
}  // namespace triad::train
