#include "triad/bench/kernels/timing_file.h"

#include <fstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/harness/data_path.h"
#include "tests/harness/message_of.h"
#include "triad/bench/kernels/roofline.h"
#include "triad/core/base/error.h"

namespace triad::bench {
namespace {

nlohmann::json row(const std::string& name, double microseconds, const std::string& impl = "ours") {
  std::vector<double> samples;
  for (int i = 0; i < 25; ++i) samples.push_back(microseconds * (1 + 0.001 * i));
  return {{"case", name},    {"kernel", "op.fwd"},        {"dtype", "f32"},        {"impl", impl}, {"mode", "cold"},
          {"threads", 2},    {"median_us", microseconds}, {"samples_us", samples}, {"flops", 1e6}, {"bytes", 1e5},
          {"floor_us", 1.0}, {"bound", "memory"}};
}

const Machine kMachine{.processor = "A <b>",
                       .threads = 2,
                       .all = {.f32_flops = 2e11, .bf16_flops = 4e11, .copy_bytes = 4e10},
                       .one = {.f32_flops = 1e11, .bf16_flops = 2e11, .copy_bytes = 3e10}};

TimingFile file_of(const std::vector<nlohmann::json>& rows) {
  TimingFile file;
  file.machine = kMachine;
  file.rows = rows;
  return file;
}

class TimingFileTest : public testing::Test {
 protected:
  std::filesystem::path written(const std::string& text) {
    const auto path =
        std::filesystem::path(testing::TempDir()) / testing::UnitTest::GetInstance()->current_test_info()->name();
    std::ofstream(path) << text;
    return path;
  }
  const harness::TempFolder folder_;
  const std::string machine_ = nlohmann::json{{"machine", to_json(kMachine)}}.dump() + "\n";
};

TEST_F(TimingFileTest, ReadsWhatWasFinishedBeforeAnInterruption) {
  const TimingFile file = read_timings(written(machine_ + row("a", 10).dump() + "\n" + "{\"case\": \"b\", \"imp"));
  EXPECT_EQ(file.machine.all.bf16_flops, 4e11);
  ASSERT_EQ(file.rows.size(), 1u);
}

TEST_F(TimingFileTest, RefusesOtherFiles) {
  const auto message = [&](const std::string& text) {
    const auto path = written(text);
    return harness::message_of<IoError>([&] { read_timings(path); }).substr(path.string().size());
  };
  EXPECT_TRUE(message(machine_ + "nonsense\n").starts_with(": line 2 is not of `triad bench run --json`: "));
  EXPECT_TRUE(message(machine_ + "{\"case\": 3}\n").starts_with(": line 2 is not of `triad bench run --json`: "));
  EXPECT_TRUE(message(machine_ + "[]\n").starts_with(": line 2 is not of `triad bench run --json`: "));
  nlohmann::json backwards = row("a", 10), none = row("a", 10), words = row("a", 10);
  backwards["samples_us"][3] = -1;
  none["samples_us"] = nlohmann::json::array();
  words["samples_us"][3] = "fast";
  for (const nlohmann::json& bad : {backwards, none, words})
    EXPECT_TRUE(message(machine_ + bad.dump() + "\n").starts_with(": line 2 is not of `triad bench run --json`: "))
        << bad;
  EXPECT_EQ(message(row("a", 1).dump() + "\n"), ": is not of `triad bench run --json`: it describes no machine");
  Machine still = kMachine;
  still.one.copy_bytes = 0;
  EXPECT_THAT(message(nlohmann::json{{"machine", to_json(still)}}.dump() + "\n"),
              testing::HasSubstr("line 1 is not of `triad bench run --json`: machine: one.copy_bytes is not positive"));
  EXPECT_EQ(message(""), ": is not of `triad bench run --json`: it describes no machine");
}

TEST(CompareTimings, OnlyAClearDifferenceIsOne) {
  const TimingFile before = file_of({row("same", 10), row("slower", 10), row("faster", 10), row("gone", 1)});
  const TimingFile after =
      file_of({row("same", 10.1), row("slower", 12), row("faster", 8), row("new", 1), row("same", 50, "torch")});
  const Changes changes = compare_timings(before, after);
  ASSERT_EQ(changes.changes.size(), 3u);
  EXPECT_EQ(changes.changes[0].verdict, Verdict::faster);
  EXPECT_EQ(changes.changes[1].verdict, Verdict::same);
  EXPECT_EQ(changes.changes[2].verdict, Verdict::slower);
  EXPECT_NEAR(changes.changes[2].ratio.median, 1.2, 1e-9);
  EXPECT_EQ(changes.only_before, std::vector<std::string>{"gone, ours, cold, 2 threads"});
  EXPECT_EQ(changes.only_after,
            (std::vector<std::string>{"new, ours, cold, 2 threads", "same, torch, cold, 2 threads"}));
}

TEST(CompareTimings, WhatADisturbedMachineSaidIsUnclear) {
  nlohmann::json disturbed = row("slower", 12);
  disturbed["quiet"] = false;
  EXPECT_EQ(compare_timings(file_of({row("slower", 10)}), file_of({disturbed})).changes.at(0).verdict,
            Verdict::unclear);
  EXPECT_EQ(compare_timings(file_of({disturbed}), file_of({row("slower", 14)})).changes.at(0).verdict,
            Verdict::unclear);
}

TEST(CompareTimings, ARowThatIsWrongNowIsNamedAndSoIsAnotherMachine) {
  nlohmann::json wrong = row("a", 1);
  wrong["error"] = "result 0: 3 of 8 elements differ";
  TimingFile after = file_of({wrong, row("b", 1)});
  after.machine.processor = "Another";
  const Changes changes = compare_timings(file_of({row("a", 1), row("b", 1)}), after);
  EXPECT_EQ(changes.now_wrong, std::vector<std::string>{"a, ours, cold, 2 threads"});
  EXPECT_EQ(changes.machines, "the files are of different machines: A <b>, 2 threads, and Another, 2 threads");
  EXPECT_EQ(compare_timings(file_of({row("a", 1)}), file_of({row("a", 1)})).machines, "");
}

TEST(Roofline, HasARoofADtypeAndAPointARow) {
  const TimingFile file = file_of({row("one & two", 10), row("three", 20), row("of another", 5, "torch")});
  const std::string svg = roofline(file, "ours");
  const auto count = [&](const std::string& part) {
    int n = 0;
    for (size_t at = svg.find(part); at != std::string::npos; at = svg.find(part, at + 1)) ++n;
    return n;
  };
  EXPECT_EQ(count("<polyline"), 2);
  EXPECT_EQ(count("<circle"), 2);
  EXPECT_EQ(count("one &amp; two: 100 GFLOP/s"), 1);
  EXPECT_EQ(count("A &lt;b>"), 1);
  EXPECT_EQ(count("nan"), 0);
  EXPECT_EQ(harness::message_of<ValueError>([&] { roofline(file, "onednn"); }),
            "roofline: no row of onednn has operations and bytes");
}

}  // namespace
}  // namespace triad::bench
