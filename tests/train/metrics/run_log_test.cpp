#include "triad/train/metrics/run_log.h"

#include <algorithm>
#include <cstring>
#include <fstream>
#include <sstream>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "tests/harness/damage.h"
#include "tests/harness/data_path.h"
#include "tests/harness/message_of.h"
#include "triad/train/metrics/tensorboard.h"

namespace triad::train {
namespace {

std::string content(const std::filesystem::path& file) {
  std::ifstream in(file, std::ios::binary);
  std::ostringstream out;
  out << in.rdbuf();
  return out.str();
}

StepMetrics metrics(std::string stage, int64_t step) {
  return {.stage = std::move(stage),
          .step = step,
          .stage_steps = 100,
          .loss = 1.5,
          .lr = 1e-3,
          .samples_per_second = 10,
          .seconds = 2};
}

TEST(RunLog, EveryStepIsALineWithTheNamesScriptsRelyOn) {
  const harness::TempFolder folder;
  RunLog log(folder.path());
  log.step(metrics("text", 10));
  const auto line = nlohmann::json::parse(content(folder.path() / "metrics.jsonl"));
  for (const char* key : {"stage", "step", "loss", "lr", "samples_per_second", "seconds"})
    EXPECT_TRUE(line.contains(key)) << key;
  EXPECT_EQ(line["step"], 10);
  // The run goes on: a kill now would lose nothing of what was logged.
  for (const auto& entry : std::filesystem::directory_iterator(folder.path())) {
    if (entry.path().extension() != ".triad") continue;
    EXPECT_NE(content(entry.path()).find("samples_per_second"), std::string::npos);
  }
}

TEST(RunLog, RewindingDropsWhatComesAfterTheCheckpoint) {
  const harness::TempFolder folder;
  {
    RunLog log(folder.path());
    log.step(metrics("text", 10));
    log.step(metrics("align", 10));
    log.step(metrics("align", 20));
    log.step(metrics("joint", 10));
  }
  std::ofstream(folder.path() / "metrics.jsonl", std::ios::app) << "{\"stage\": \"jo";
  rewind_metrics(folder.path(), "align", 10);
  std::istringstream lines(content(folder.path() / "metrics.jsonl"));
  std::vector<std::string> stages;
  for (std::string line; std::getline(lines, line);) {
    const auto entry = nlohmann::json::parse(line);
    stages.push_back(entry["stage"].get<std::string>() + " " + std::to_string(entry["step"].get<int>()));
  }
  EXPECT_EQ(stages, (std::vector<std::string>{"text 10", "align 10"}));
}

TEST(RunLog, AFullDiskIsAnErrorAndWhatWasLoggedStays) {
  const harness::TempFolder folder;
  int64_t logged = 0;
  {
    RunLog log(folder.path());
    const harness::FullDisk disk(2000);
    const auto message = harness::message_of<IoError>([&] {
      for (; logged < 1000; ++logged) log.step(metrics("text", logged));
    });
    EXPECT_NE(message.find("cannot be written\n  hint: is the disk full?"), std::string::npos) << message;
  }
  EXPECT_GE(logged, 5);
  rewind_metrics(folder.path(), "joint", 0);  // what a resume does first
  RunLog(folder.path()).step(metrics("text", logged));
  std::istringstream lines(content(folder.path() / "metrics.jsonl"));
  std::vector<int64_t> steps;
  for (std::string line; std::getline(lines, line);) steps.push_back(nlohmann::json::parse(line)["step"]);
  ASSERT_GE(std::ssize(steps), logged);
  for (size_t i = 0; i + 1 < steps.size(); ++i) EXPECT_EQ(steps[i], static_cast<int64_t>(i));
}

TEST(RunLog, RewindingPassesOverWhatIsNoStep) {
  const harness::TempFolder folder;
  std::ofstream(folder / "metrics.jsonl")
      << "[1]\n{\"stage\": 3, \"step\": 1}\n{\"stage\": \"text\", \"step\": \"x\"}\n\xff\n"
      << "{\"stage\": \"text\", \"step\": 1}\n";
  rewind_metrics(folder.path(), "align", 10);
  EXPECT_EQ(content(folder / "metrics.jsonl"), "{\"stage\": \"text\", \"step\": 1}\n");
}

TEST(RunLog, TheProgressLineIsReadable) {
  StepMetrics m = metrics("align", 7);
  m.seconds_left = 83;
  EXPECT_EQ(progress_line(m), "align    7/100  loss 1.5000  lr 1.0e-03  10 samples/s  ETA 1:23");
}

TEST(RunLog, ALogGetsALineNowAndThenAndAtTheEndOfAStage) {
  const harness::TempFolder folder;
  testing::internal::CaptureStderr();
  {
    RunLog log(folder.path());
    for (const int64_t step : {10, 20, 90, 100}) log.step(metrics("text", step));
    log.note("done");
  }
  const std::string text = testing::internal::GetCapturedStderr();
  EXPECT_EQ(std::ranges::count(text, '\n'), 3) << text;
  EXPECT_NE(text.find(" 10/100"), std::string::npos);
  EXPECT_NE(text.find("100/100"), std::string::npos);
  EXPECT_EQ(text.find('\x1b'), std::string::npos);
  const std::string lines = content(folder.path() / "metrics.jsonl");
  EXPECT_EQ(std::ranges::count(lines, '\n'), 4);
}

TEST(TensorBoard, ChecksumIsTheCastagnoliPolynomial) {
  EXPECT_EQ(crc32c(std::string(32, '\0')), 0x8A9136AAu);  // RFC 3720, B.4
  EXPECT_EQ(crc32c("123456789"), 0xE3069283u);
}

TEST(TensorBoard, RecordsAreFramedAndHoldTheValue) {
  const harness::TempFolder folder;
  TensorBoardWriter(folder.path(), 1000).scalar("text/loss", 3, 0.25, 1001);
  const std::string file = content(folder.path() / "events.out.tfevents.1000.triad");
  size_t at = 0, records = 0;
  std::string last;
  while (at + 12 <= file.size()) {
    uint64_t length;
    std::memcpy(&length, file.data() + at, 8);
    last = file.substr(at + 12, length);
    at += 12 + length + 4;
    ++records;
  }
  EXPECT_EQ(at, file.size());
  EXPECT_EQ(records, 2u);
  EXPECT_NE(last.find("text/loss"), std::string::npos);
  const float value = 0.25f;
  EXPECT_NE(last.find(std::string(reinterpret_cast<const char*>(&value), 4)), std::string::npos);
}

}  // namespace
}  // namespace triad::train
