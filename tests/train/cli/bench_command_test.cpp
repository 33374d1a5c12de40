#include <filesystem>
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
                                          "3", "--warmup", "1", "--json", file, "--profile"});
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

TEST(BenchCommand, TimesAKernelAndReadsWhatItWrote) {
  const harness::TempFolder folder;
  const std::string file = folder / "kernels.jsonl", picture = folder / "roofline.svg";
  const CommandResult run = run_triad({"bench", "run", "--suite", "text-base", "--op", "layer_norm", "--dtype", "f32",
                                       "--rounds", "3", "--impl", "ours,onednn", "--json", file});
  ASSERT_EQ(run.code, kExitDone) << run.err;
  EXPECT_NE(run.out.find("text-base/layer_norm.bwd/hidden states 512x768/f32 "), std::string::npos) << run.out;
  const CommandResult same = run_triad({"bench", "compare", file, file});
  EXPECT_EQ(same.code, kExitDone) << same.err;
  EXPECT_NE(same.out.find("3 rows compared, 0 slower"), std::string::npos) << same.out;
  EXPECT_EQ(run_triad({"bench", "roofline", file, "--out", picture}).code, kExitDone);
  EXPECT_GT(std::filesystem::file_size(picture), 1000u);
  EXPECT_NE(run_triad({"bench", "repro", file, "layer_norm.fwd"})
                .out.find(" triad bench run --case 'text-base/layer_norm.fwd/hidden states 512x768/f32' --impl ours "
                          "--mode cold\n"),
            std::string::npos);
  EXPECT_EQ(run_triad({"bench", "repro", file, "lstm"}).code, kExitFailure);
}

TEST(BenchCommand, FailsWhereSomethingIsSlower) {
  const harness::TempFolder folder;
  const auto written = [&folder](const char* name, double microseconds) {
    const std::string file = folder / name;
    const nlohmann::json rates = {{"f32_flops", 1}, {"bf16_flops", 1}, {"copy_bytes", 1}};
    std::ofstream(file) << nlohmann::json{{"machine",
                                           {{"processor", "p"},
                                            {"threads", 1},
                                            {"all", rates},
                                            {"one", rates},
                                            {"clock_hz", 1},
                                            {"launch_seconds", 1},
                                            {"background_load", 0}}}}
                        << "\n"
                        << nlohmann::json{{"case", "c"},
                                          {"kernel", "k"},
                                          {"dtype", "f32"},
                                          {"impl", "ours"},
                                          {"mode", "cold"},
                                          {"threads", 1},
                                          {"flops", 1},
                                          {"bytes", 1},
                                          {"floor_us", 1},
                                          {"bound", "memory"},
                                          {"median_us", microseconds},
                                          {"samples_us", {microseconds}}}
                        << "\n";
    return file;
  };
  const std::string before = written("before.jsonl", 10), after = written("after.jsonl", 20);
  EXPECT_EQ(run_triad({"bench", "compare", before, after}).code, kExitFailure);
  EXPECT_EQ(run_triad({"bench", "compare", after, before}).code, kExitDone);
}

TEST(BenchCommand, ListsAndRefuses) {
  const CommandResult cases =
      run_triad({"bench", "list", "--suite", "text-base", "--op", "gelu.fwd", "--dtype", "bf16"});
  EXPECT_EQ(cases.out, "text-base/gelu.fwd/feed-forward 512x3072/bf16\n");
  EXPECT_EQ(run_triad({"bench", "list", "--suite", "txt"}).code, kExitUsage);
  EXPECT_EQ(run_triad({"bench", "run", "--op", "gelu.fwd", "--impl", "mkl"}).code, kExitUsage);
  const CommandResult cuda = run_triad({"bench", "run", "--op", "gelu.fwd", "--device", "cuda"});
  EXPECT_EQ(cuda.code, kExitFailure);
  EXPECT_EQ(cuda.err, "triad: bench run: no CUDA device: this build computes on the CPU alone\n");
}

}  // namespace
}  // namespace triad::train
