#include "triad/train/cli/train_command.h"

#include <atomic>
#include <ctime>
#include <memory>

#include <CLI/CLI.hpp>

#include "triad/core/base/error.h"
#include "triad/data/formats/durable_file.h"
#include "triad/train/checkpoint/checkpoint.h"
#include "triad/train/checkpoint/checkpoint_folder.h"
#include "triad/train/checks.h"
#include "triad/train/evaluate/evaluate.h"
#include "triad/train/launch/ranks.h"
#include "triad/train/launch/stop_request.h"
#include "triad/train/pretrain.h"

namespace triad::train {
namespace {

namespace fs = std::filesystem;

struct PretrainArguments {
  std::string config, only, from, resume, out, seed;
  std::vector<std::string> overrides;
  bool profile = false;
};

std::string time_stamp() {
  char text[32];
  const std::time_t now = std::time(nullptr);
  std::strftime(text, sizeof text, "%Y%m%d-%H%M%S", std::localtime(&now));
  return text;
}

bool run_pretrain(PretrainArguments a, const Ranks& ranks) {
  if (!a.seed.empty()) a.overrides.push_back("train.seed=" + a.seed);
  const Recipe recipe = read_recipe(a.config, a.overrides);
  const std::string started = broadcast_text(ranks.comm, time_stamp());
  const fs::path out = a.out.empty() ? fs::path("runs") / (recipe.name + "-" + started) : fs::path(a.out);
  const PretrainOptions options{
      .out = out, .only = a.only, .from = a.from, .resume = a.resume == "auto", .profile = a.profile};
  return pretrain(recipe, options, ranks);
}

void add_pretrain(CLI::App& app, CommandContext& context) {
  const auto a = std::make_shared<PretrainArguments>();
  CLI::App* command = app.add_subcommand("pretrain", "Run the stages of a recipe");
  command->add_option("CONFIG", a->config, "recipe, such as configs/demo.yaml")->required();
  command->add_option("--only", a->only, "run one stage: text, image, speech, align, joint")->type_name("STAGE");
  command->add_option("--from", a->from, "start with the weights of another run, a checkpoint or a safetensors file")
      ->type_name("RUN|FILE");
  command->add_option("--resume", a->resume, "auto: go on from the newest good checkpoint in --out, or start")
      ->check(CLI::IsMember({"auto"}));
  command->add_option("--set", a->overrides, "override a key of the recipe")
      ->type_name("KEY=VALUE")
      ->take_all()
      ->allow_extra_args(false);
  command->add_option("--seed", a->seed, "the same as --set train.seed=N")->type_name("N");
  command->add_option("--out", a->out, "run directory; runs/RECIPE-TIME by default")->type_name("RUN");
  command->add_flag("--profile", a->profile, "after each stage, show where the time of its steps went");
  command->callback([a, &context] {
    note_stop_signals();
    std::atomic<bool> stopped = false;  // of ranks that are threads, each says so
    const auto run = [&](const Ranks& ranks) {
      if (!run_pretrain(*a, ranks)) stopped = true;
    };
    if (context.rank_threads > 0) on_rank_threads(context.rank_threads, run);
    else on_started_ranks(run);
    if (stopped) context.exit_code = kExitRequeue;
  });
}

void add_eval(CLI::App& app, CommandContext& context) {
  struct Arguments {
    std::string run, data, split, json;
  };
  const auto a = std::make_shared<Arguments>();
  CLI::App* command = app.add_subcommand("eval", "Measure a run, on its own held-out data or on other data");
  command->add_option("RUN", a->run, "run directory")->required();
  command->add_option("--data", a->data, "data set to measure on")->type_name("DIR");
  command->add_option("--split", a->split, "held-out samples to measure on; by default those the recipe names")
      ->type_name("SPLIT");
  command->add_option("--json", a->json, "also write the result here")->type_name("FILE");
  command->callback([a, &context] {
    LoadedRun run = load_run(a->run);
    std::unique_ptr<TrainingData> other;
    if (!a->data.empty()) other = std::make_unique<TrainingData>(a->data, *run.data);
    const TrainingData& data = other ? *other : *run.data;
    if (!a->split.empty()) check_split("--split", run.recipe.data.split = a->split, data);
    const Evaluation evaluation = evaluate({run.recipe, fs::path(a->run) / "checkpoints", *run.data, *run.model}, data);
    require<IoError>(!evaluation.split.empty(), data.dataset().folder().string(),
                     "has no held-out split, such as test or validation");
    const std::string json = to_json(evaluation);
    context.out << json;
    for (const std::string& missing : evaluation.missing) context.err << "not measured: " << missing << '\n';
    if (!a->json.empty()) data::write_durably(a->json, json);
  });
}

void add_ckpt(CLI::App& app, CommandContext& context) {
  CLI::App* command = app.add_subcommand("ckpt", "Look at checkpoints");
  command->require_subcommand(1);
  struct Arguments {
    std::string a, b;
    bool all = false;
  };
  const auto a = std::make_shared<Arguments>();
  CLI::App* diff = command->add_subcommand(
      "diff", "Compare the weights of two checkpoints, of the newest of two runs, or of safetensors files, bit by bit");
  diff->add_option("A", a->a, "checkpoint, run or safetensors file")->required();
  diff->add_option("B", a->b, "checkpoint, run or safetensors file")->required();
  diff->add_flag("--all", a->all, "the state of the optimizer too");
  diff->callback([a, &context] {
    const Content content = a->all ? Content::everything : Content::weights;
    const std::vector<std::string> names =
        differing_tensors(resolve_checkpoint(a->a), resolve_checkpoint(a->b), content);
    for (const std::string& name : names) context.out << name << '\n';
    if (!names.empty()) context.exit_code = kExitFailure;
  });
  CLI::App* list = command->add_subcommand("ls", "List the checkpoints of a run, the newest first");
  list->add_option("RUN", a->a, "run directory")->required();
  list->callback([a, &context] {
    const std::vector<fs::path> files = list_checkpoints(fs::path(a->a) / "checkpoints");
    require<IoError>(!files.empty(), a->a, "holds no checkpoint");
    for (const fs::path& file : files) context.out << file.string() << "  " << fs::file_size(file) << " bytes\n";
  });
  CLI::App* write = command->add_subcommand("export", "Write the weights of a checkpoint as a safetensors file");
  write->add_option("A", a->a, "checkpoint or run")->required();
  write->add_option("--out", a->b, "the file to write")->required()->type_name("FILE");
  write->callback([a] { export_parameters(resolve_checkpoint(a->a), a->b); });
}

}  // namespace

void add_train_commands(CLI::App& app, CommandContext& context) {
  add_pretrain(app, context);
  add_eval(app, context);
  add_ckpt(app, context);
}

}  // namespace triad::train
