#include <fstream>
#include <string>
#include <vector>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "tests/harness/data_path.h"
#include "tests/train/cli/run_triad.h"

namespace triad::train {
namespace {

TEST(BenchCommand, TimesStepsAndKeepsThemAsJson) {
  const harness::TempFolder folder;
  const std::string file = folder / "steps.jsonl";
  const CommandResult result = run_triad({"bench", "steps", "--cases", "speech-256", "--dtype", "f32,bf16", "--steps",
                                          "2", "--warmup", "1", "--json", file, "--profile"});
  EXPECT_EQ(result.code, kExitDone) << result.err;
  EXPECT_NE(result.out.find("lstm backward"), std::string::npos) << result.out;
  std::vector<nlohmann::json> lines;
  std::ifstream in(file);
  for (std::string line; std::getline(in, line);) lines.push_back(nlohmann::json::parse(line));
  ASSERT_EQ(lines.size(), 3u);
  EXPECT_GT(lines[0].at("machine").at("all").at("f32_flops"), 0);
  EXPECT_EQ(lines[1].at("dtype"), "f32");
  EXPECT_EQ(lines[2].at("dtype"), "bf16");
  for (size_t i : {1, 2}) {
    EXPECT_GT(lines[i].at("ours_ms"), 0);
    EXPECT_GT(lines[i].at("floor_ms"), 0);
    EXPECT_FALSE(lines[i].contains("ratio")) << "no peer was asked for";
  }
}

TEST(BenchCommand, WrongUsage) {
  EXPECT_EQ(run_triad({"bench", "steps", "--cases", "text"}).code, kExitUsage);
  EXPECT_EQ(run_triad({"bench", "steps", "--dtype", "f16"}).code, kExitUsage);
  EXPECT_EQ(run_triad({"bench", "steps", "--python", "python3"}).code, kExitUsage) << "without --peer";
  const CommandResult missing = run_triad({"bench", "steps", "--peer", "torch", "--peer-script", "no-such-script.py"});
  EXPECT_EQ(missing.code, kExitFailure);
  EXPECT_EQ(missing.err,
            "triad: no-such-script.py: does not exist\n  hint: --peer-script names benches/peers/torch_steps.py of the "
            "sources\n");
}

}  // namespace
}  // namespace triad::train
