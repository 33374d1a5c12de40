#include "triad/train/pretrain.h"

#include <algorithm>
#include <iostream>

#include "triad/core/device/allocator.h"
#include "triad/data/build/builder.h"
#include "triad/data/formats/durable_file.h"
#include "triad/train/checkpoint/checkpoint.h"
#include "triad/train/evaluate/evaluate.h"
#include "triad/train/loop/run_stage.h"
#include "triad/train/metrics/terminal_line.h"
#include "triad/train/report/answer_section.h"
#include "triad/train/report/report.h"
#include "triad/train/report/retrieval_section.h"
#include "triad/train/stages/pairs.h"
#include "triad/train/stages/single_modality.h"

namespace triad::train {
namespace {

namespace fs = std::filesystem;

/// Builds the data set of a recipe. ConfigError if its builder needs a source that the recipe does not name.
void build_data(const DataOptions& options) {
  const data::Builder& builder = data::builder_named(options.name);
  for (const data::BuilderOption& option : builder.options) {
    const auto* text = std::get_if<std::string>(&options.build.at(option.name));
    if (option.required && text && text->empty())
      fail<ConfigError>("data.build." + option.name, "missing, and ", options.dir.string(), " holds no data set",
                        Hint{str(option.help, "; --set data.build.", option.name, "=… gives it")});
  }
  std::cerr << "building the data set " << options.name << " in " << options.dir.string() << '\n';
  TerminalLine line;
  builder.build({.out = options.dir, .options = options.build, .progress = [&](int64_t done) { line.show(str(done, " samples")); }});
}

std::unique_ptr<Stage> make_stage(std::string_view name, const StageSetup& setup) {
  if (name == "text") return make_text_stage(setup);
  if (name == "image") return make_image_stage(setup);
  if (name == "speech") return make_speech_stage(setup);
  if (name == "align") return make_align_stage(setup);
  return make_joint_stage(setup);
}

/// Whether the data set has what the stage reads.
bool has_data_for(std::string_view stage, const TrainingData& data) {
  const std::string split = stage == "align" || stage == "joint" ? "train" : "pool_" + std::string(stage);
  return data.has(split) && data.split(split).size() > 0;
}

/// The stages to run, in order.
std::vector<std::string> stages_to_run(const Recipe& recipe, const PretrainOptions& options, const TrainingData& data) {
  if (!options.only.empty() && std::find(kStageNames.begin(), kStageNames.end(), options.only) == kStageNames.end())
    fail<ConfigError>("--only " + options.only, "no such stage", Hint{"text, image, speech, align or joint"});
  std::vector<std::string> stages;
  for (const std::string_view name : kStageNames) {
    if (!options.only.empty() && options.only != name) continue;
    const StageOptions& stage = stage_options(recipe, name);
    if (stage.steps == 0) continue;
    if (!has_data_for(name, data))
      fail<ConfigError>(str("stages.", name), "the data set ", recipe.data.name, " has nothing to train this stage on",
                        Hint{"set its steps to 0"});
    stages.emplace_back(name);
  }
  if (stages.empty()) fail<ConfigError>("stages", "no stage has steps to run");
  return stages;
}

void check_against_data(const Recipe& recipe, const TrainingData& data) {
  if (data.dataset().manifest().attributes.contains("sample_rate") && recipe.model.speech.mels != data.mel().mels)
    fail<ConfigError>("model.speech.mels", recipe.model.speech.mels, " bands, the sound of ", recipe.data.name, " has ", data.mel().mels);
}

}  // namespace

std::unique_ptr<Model> make_model(const Recipe& recipe, const TrainingData& data) {
  const ModelSizes sizes{.vocabulary = data.tokenizer().vocabulary_size(), .answers = std::ssize(data.answers())};
  return std::make_unique<Model>(recipe.model, sizes, recipe.speech.distances,
                                 RandomKey{.seed = recipe.train.seed, .site = random_site("model")});
}

void pretrain(const Recipe& recipe, const PretrainOptions& options) {
  if (!fs::exists(recipe.data.dir / data::kManifestName)) build_data(recipe.data);
  const TrainingData data(recipe.data.dir, recipe.model.text.max_positions);
  check_against_data(recipe, data);
  const std::vector<std::string> stages = stages_to_run(recipe, options, data);
  const std::unique_ptr<Model> model = make_model(recipe, data);
  const std::vector<NamedParameter> parameters = nn::parameters_of(*model);

  const fs::path checkpoints = options.out / "checkpoints";
  const std::optional<fs::path> newest = newest_checkpoint(checkpoints);
  if (newest && !options.resume)
    fail<ConfigError>("--out " + options.out.string(), "holds a run already", Hint{"--resume auto goes on with it; or give another --out"});
  if (!options.from.empty()) load_parameters(resolve_checkpoint(options.from), parameters);
  fs::create_directories(checkpoints);
  data::write_durably(options.out / "config.yaml", write_recipe(recipe));

  Progress progress;
  size_t first = 0;
  fs::path resume_from;
  if (newest) {
    progress = read_progress(*newest);
    const auto at = std::find(stages.begin(), stages.end(), progress.stage);
    if (at == stages.end()) fail<ConfigError>(newest->string(), "is of stage ", progress.stage, ", which is not to be run");
    rewind_metrics(options.out, progress.stage, progress.step);
    load_parameters(*newest, parameters);
    first = static_cast<size_t>(at - stages.begin());
    resume_from = *newest;
  }

  RunLog log(options.out);
  double seconds = progress.seconds;
  for (size_t i = first; i < stages.size(); ++i) {
    allocator(kCpu).release_cached();  // each stage needs blocks of other sizes
    const std::unique_ptr<Stage> stage = make_stage(stages[i], {recipe, data, *model});
    run_stage(*stage, {recipe, checkpoints, parameters, log}, resume_from, seconds);
    log.note(str("stage ", stages[i], " done, ", static_cast<int64_t>(seconds), " s since the beginning"));
    resume_from.clear();
  }
  const Evaluation evaluation = evaluate({recipe, checkpoints, data, *model}, data);
  write_summary(options.out, recipe, evaluation);
  write_report(options.out, evaluation,
               {retrieval_section(retrieval_examples(data, evaluation)), answer_section(answer_examples(*model, data, evaluation))});
  log.note("report: " + (options.out / "report.html").string());
}

LoadedRun load_run(const std::filesystem::path& dir) {
  LoadedRun run{.recipe = read_recipe(dir / "config.yaml")};
  const DataOptions& data = run.recipe.data;
  require<IoError>(fs::exists(data.dir / data::kManifestName), dir.string(), "was trained on the data set ", data.name, " in ",
                   fs::absolute(data.dir).string(), ", which is not there",
                   Hint{"where it was moved, say so: data.dir in " + (dir / "config.yaml").string()});
  run.data = std::make_unique<TrainingData>(run.recipe.data.dir, run.recipe.model.text.max_positions);
  run.model = make_model(run.recipe, *run.data);
  load_parameters(resolve_checkpoint(dir), nn::parameters_of(*run.model));
  return run;
}

}  // namespace triad::train
