#include "triad/bench/steps/training_step.h"

#include <algorithm>
#include <cmath>
#include <fstream>
#include <set>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "tests/harness/data_path.h"
#include "tests/harness/message_of.h"
#include "triad/bench/steps/profile_table.h"
#include "triad/bench/steps/step_profile.h"
#include "triad/bench/steps/step_timing.h"
#include "triad/core/base/error.h"

namespace triad::bench {
namespace {

// The two large ones differ from these in numbers only.
const std::vector<std::string> kSmall = {"text-mini", "image-6x192", "speech-256", "align"};

TEST(TrainingStep, LearnsItsBatch) {
  for (const std::string& name : kSmall) {
    for (const DType dtype : {DType::f32, DType::bf16}) {
      TrainingStep step(name, dtype, /*dropout=*/0, /*seed=*/1);
      const double first = step.run();
      const double last = step.run();
      EXPECT_LT(last, first) << name << " " << dtype;
      EXPECT_TRUE(std::isfinite(last));
    }
  }
}

TEST(TrainingStep, CountsWhatItDoes) {
  // By hand: 24 C^2 + 4 T C operations a token and layer, of 32 texts of 128 tokens, thrice; and the head.
  TrainingStep text("text-mini", DType::f32, 0, 1);
  const double blocks = 3.0 * 4 * 32 * 128 * (24 * 256 * 256 + 4.0 * 128 * 256);
  EXPECT_GT(text.model().flops(), blocks);
  EXPECT_LT(text.model().flops(), 1.1 * blocks);
  const int64_t block = 12 * 256 * 256 + 13 * 256, embeddings = (8192 + 512 + 2 + 2) * 256;
  EXPECT_EQ(text.parameters(), 4 * block + embeddings + 256 * 256 + 3 * 256 + 8192);
}

TEST(TrainingStep, UnknownNames) {
  EXPECT_EQ(
      harness::message_of<ValueError>([] { TrainingStep("text", DType::f32, 0, 0); }),
      "bench steps: no step 'text'\n  hint: there are text-mini, image-6x192, speech-256, align, text-base, vit-b16");
}

TEST(ProfileTable, IsSortedAndAddsUpToTheStep) {
  EXPECT_EQ(profile_table({{"a", 2, 1}, {"b", 0.5, 6}}, 10),
            "    the step                       1.0 x     10.00 ms 100.0%\n"
            "    b                              0.5 x      6.00 ms  60.0%\n"
            "    between kernels                0.0 x      3.00 ms  30.0%\n"
            "    a                              2.0 x      1.00 ms  10.0%\n");
}

TEST(StepProfile, NamesTheKernels) {
  const std::string table = profile_of_step("speech-256", DType::f32, 0.1);
  for (const char* kernel : {"the step", "lstm backward", "conv2d", "adamw_step", "between kernels"})
    EXPECT_NE(table.find(kernel), std::string::npos) << kernel << " in\n" << table;
}

// A peer that answers as torch_steps.py does: its loss is the one it is told to have.
TEST(StepTiming, ComparesWithAPeerThatDoesTheSame) {
  const harness::TempFolder directory;
  const auto peer_with_loss = [&](double loss) {
    const auto script = directory.path() / "peer.sh";
    std::ofstream(script) << "while read -r request; do case $request in *case*) echo '{\"torch\": \"0.1\"}';; *) "
                          << "echo '{\"ms\": 1e6, \"loss\": " << std::to_string(loss)
                          << ", \"peak_rss_mb\": 7}';; esac; done";
    return TorchPeer{.python = "sh", .script = script, .modes = {"eager"}};
  };
  const Machine machine{.all = {.f32_flops = 1e11, .bf16_flops = 1e11, .copy_bytes = 1e10}};
  const double loss = TrainingStep("speech-256", DType::f32, 0, 1).run();
  StepTimingOptions options{.warmup = 1, .steps = 3, .peer = peer_with_loss(loss)};
  const StepTiming timing = time_step("speech-256", DType::f32, options, machine);
  const nlohmann::json row = to_json(timing);
  EXPECT_EQ(row.at("case"), "speech-256");
  EXPECT_EQ(row.at("peer_ms"), 1e6);
  EXPECT_EQ(row.at("verdict"), "FASTER");
  EXPECT_LT(row.at("ratio"), 0.1);
  EXPECT_NEAR(row.at("floor_ms"), 1e3 * (timing.flops / 1e11 + 28.0 * timing.parameters / 1e10), 1e-6);

  options.peer = peer_with_loss(loss * 1.001);
  EXPECT_NE(harness::message_of<ValueError>([&] {
              time_step("speech-256", DType::f32, options, machine);
            }).find("they do not do the same work"),
            std::string::npos);

  options.peer = TorchPeer{.python = "false", .script = "x", .modes = {"eager"}};
  const StepTiming alone = time_step("speech-256", DType::f32, options, machine);
  EXPECT_EQ(alone.best_peer(), nullptr);
  EXPECT_EQ(alone.peers.at(0).error, "peer: false has ended with status 1");
  EXPECT_EQ(alone.milliseconds.size(), 3u);
}

}  // namespace
}  // namespace triad::bench
