#include "triad/train/loop/run_stage.h"

#include <cmath>
#include <fstream>
#include <limits>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "tests/harness/data_path.h"
#include "tests/harness/message_of.h"
#include "tests/train/loop/tiny_data.h"
#include "triad/ops/elementwise/binary.h"
#include "triad/ops/reduce/sum.h"
#include "triad/train/checkpoint/checkpoint.h"
#include "triad/train/checkpoint/checkpoint_folder.h"
#include "triad/train/pretrain.h"

namespace triad::train {
namespace {

/// A stage of two parameters. The derivative of one of them is 1 for two steps and then `bad`.
class Poisoned : public Stage {
 public:
  explicit Poisoned(double bad) : bad_(bad) {}

  std::string_view name() const override { return "text"; }
  std::vector<NamedParameter> parameters() override { return {{"sound", &sound}, {"poisoned", &poisoned}}; }
  void load() override { ++loaded_; }
  data::LoaderState loader_state() const override { return {}; }
  void restore_loader(const data::LoaderState&) override {}
  int64_t size() const override { return 1; }
  std::vector<LossTerm> terms() const override { return {{"loss", 1, 1}}; }
  Forward forward(int64_t, int64_t, const nn::Context&) override {
    values.push_back(poisoned.value().to_vector<double>()[0]);
    return {{ops::sum(sound.value() * sound.value()) + ops::sum(poisoned.value() * (loaded_ > 2 ? bad_ : 1))}, {}};
  }

  Parameter sound{full({3}, 2)}, poisoned{full({2}, 5)};
  std::vector<double> values;  ///< of the poisoned parameter, before each step

 private:
  double bad_;
  int loaded_ = 0;
};

std::vector<nlohmann::json> metrics(const std::filesystem::path& run) {
  std::ifstream in(run / "metrics.jsonl");
  std::vector<nlohmann::json> lines;
  for (std::string line; std::getline(in, line);) lines.push_back(nlohmann::json::parse(line));
  return lines;
}

TEST(RunStage, ABadGradientStopsTheRunAndLeavesTheParametersOfTheStepBefore) {
  for (const double bad : {std::numeric_limits<double>::quiet_NaN(), std::numeric_limits<double>::infinity()}) {
    const harness::TempFolder folder;
    Recipe recipe;
    recipe.text = {{.steps = 10, .schedule = {.total_steps = 10}}};
    recipe.checkpoint.every = 1;
    RunLog log(folder.path());
    const auto comm = comm::make_single();
    RankStatus status;
    double seconds = 0;
    Poisoned stage(bad);
    const StageRun run{recipe, folder.path(), stage.parameters(), {*comm, status}, &log};
    EXPECT_EQ(harness::message_of<ValueError>([&] { run_stage(stage, run, {}, seconds); }),
              "stage text, step 3: Optimizer: the gradient of poisoned is not finite; no parameter was changed\n"
              "  hint: lower the learning rate, lengthen the warm-up, or compute in f32 instead of bf16");
    EXPECT_EQ(newest_checkpoint(folder.path()), checkpoint_path(folder.path(), "text", 2));
    const std::vector<float> sound = stage.sound.value().to_vector<float>(),
                             poisoned = stage.poisoned.value().to_vector<float>();
    EXPECT_LT(sound[0], 2);
    load_parameters(checkpoint_path(folder.path(), "text", 2), stage.parameters());
    EXPECT_EQ(stage.sound.value().to_vector<float>(), sound);
    EXPECT_EQ(stage.poisoned.value().to_vector<float>(), poisoned);
  }
}

TEST(RunStage, EveryStepIsAsLongAsTheScheduleSays) {
  for (const optim::Schedule& schedule :
       {optim::Schedule{.peak = 0.1, .floor = 0.1, .warmup_steps = 3, .total_steps = 12},
        optim::Schedule{.shape = optim::ScheduleShape::constant,
                        .peak = 0.1,
                        .warmup_steps = 2,
                        .cooldown_steps = 5,
                        .total_steps = 12}}) {
    const harness::TempFolder folder;
    Recipe recipe;
    recipe.text = {
        {.steps = 12,
         .schedule = schedule,
         .optimizer = {.kind = optim::OptimizerOptions::Kind::sgd, .momentum = 0, .weight_decay = 0, .clip_norm = 0}}};
    recipe.train.log_every = 1;
    RunLog log(folder.path());
    const auto comm = comm::make_single();
    RankStatus status;
    double seconds = 0;
    Poisoned stage(1);
    run_stage(stage, {recipe, folder.path(), stage.parameters(), {*comm, status}, &log}, {}, seconds);
    const std::vector<nlohmann::json> lines = metrics(folder.path());
    ASSERT_EQ(lines.size(), 12u);
    double value = 5;
    for (size_t step = 0; step < 12; ++step) {
      EXPECT_NEAR(stage.values.at(step), value, 1e-5) << step;
      const double lr = learning_rate(schedule, static_cast<int64_t>(step));
      EXPECT_DOUBLE_EQ(lines[step]["lr"], lr) << step;
      value -= lr;
    }
  }
}

TEST(RunStage, TrainsInBf16WithMastersInF32) {
  const harness::TempFolder folder;
  write_tiny_data(folder / "data");
  Recipe recipe = tiny_recipe(folder / "data");
  recipe.train.log_every = 3;
  for (StageOptions* stage : {static_cast<StageOptions*>(&recipe.text), static_cast<StageOptions*>(&recipe.image),
                              static_cast<StageOptions*>(&recipe.speech), static_cast<StageOptions*>(&recipe.align),
                              static_cast<StageOptions*>(&recipe.joint)}) {
    stage->steps = 60;
    stage->schedule = {.peak = 3e-3, .warmup_steps = 5, .total_steps = 60};
  }
  std::map<std::string, double> first_in_f32;
  for (const DType dtype : {DType::f32, DType::bf16}) {
    recipe.train.dtype = dtype;
    const std::filesystem::path run = folder / name_of(dtype);
    pretrain(recipe, {.out = run});
    std::map<std::string, std::vector<double>> losses;
    for (const nlohmann::json& line : metrics(run)) losses[line["stage"]].push_back(line["loss"]);
    ASSERT_EQ(losses.size(), kStageNames.size());
    for (const auto& [stage, values] : losses) {
      ASSERT_EQ(values.size(), 20u);
      const auto mean_of_four = [&](size_t first) {
        return (values[first] + values[first + 1] + values[first + 2] + values[first + 3]) / 4;
      };
      EXPECT_LT(mean_of_four(16), 0.985 * mean_of_four(0)) << stage << " in " << dtype;
    }
    if (dtype == DType::f32) {
      first_in_f32["text"] = losses["text"].front();
      continue;
    }
    EXPECT_NE(losses["text"].front(), first_in_f32["text"]) << "nothing was computed in bf16";
    EXPECT_NEAR(losses["text"].front(), first_in_f32["text"], 0.02 * first_in_f32["text"]);
    const LoadedRun trained = load_run(run);
    for (const NamedParameter& p : nn::parameters_of(*trained.model))
      EXPECT_EQ(p.parameter->value().dtype(), DType::f32) << p.name;
    // Masters hold what bf16 cannot.
    const std::vector<float> weights = trained.model->text.tokens.weight.value().to_vector<float>();
    EXPECT_GT(std::ranges::count_if(weights, [](float w) { return static_cast<float>(BFloat16(w)) != w; }),
              std::ssize(weights) / 2);
  }
}

}  // namespace
}  // namespace triad::train
