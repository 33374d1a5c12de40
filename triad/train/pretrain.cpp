#include "triad/train/pretrain.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <iostream>

#include "triad/core/base/version.h"
#include "triad/core/device/allocator.h"
#include "triad/data/build/builder.h"
#include "triad/data/formats/durable_file.h"
#include "triad/data/formats/folder_lock.h"
#include "triad/train/checkpoint/checkpoint.h"
#include "triad/train/checkpoint/checkpoint_folder.h"
#include "triad/train/checks.h"
#include "triad/train/evaluate/evaluate.h"
#include "triad/train/launch/restart_guard.h"
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

/// Folder in a run directory: its data set without the samples, which is the tokenizer and what describes the data.
constexpr std::string_view kTokenizer = "tokenizer";

/// For what rank 0 does while the others wait: building a data set, evaluating.
constexpr std::chrono::milliseconds kLongest = std::chrono::hours(24);

/// Written when a run is done.
constexpr std::array kResults = {"summary.json", "report.html"};

/// Builds the data set of a recipe. ConfigError if its builder needs a source that the recipe does not name.
void build_data(const DataOptions& options) {
  const data::Builder& builder = data::builder_named(options.name);
  data::Attributes complete = options.build;
  for (const data::BuilderOption& option : builder.options) {
    const data::Attribute& value = complete.try_emplace(option.name, option.value).first->second;
    const auto* text = std::get_if<std::string>(&value);
    if (option.required && text && text->empty())
      fail<ConfigError>("data.build." + option.name, "missing, and ", options.dir.string(), " holds no data set",
                        Hint{str(option.help, "; --set data.build.", option.name, "=… gives it")});
  }
  TerminalLine line;
  const data::BuildRequest request{
      .out = options.dir, .options = complete, .prefix = "data.build.", .progress = [&](int64_t done) {
        line.show(str(done, " samples"));
      }};
  data::check_paths(builder, request);
  std::cerr << "building the data set " << options.name << " in " << options.dir.string() << '\n';
  builder.build(request);
}

/// Whether a run of this very config.yaml has been evaluated and reported.
bool is_reported(const fs::path& run, const std::string& config_text) {
  constexpr int64_t kMostBytes = 1 << 20;
  return std::ranges::all_of(kResults, [&](const char* file) { return fs::exists(run / file); }) &&
         data::read_whole_file(run / "config.yaml", kMostBytes) == config_text;
}

std::unique_ptr<Stage> make_stage(std::string_view name, const StageSetup& setup) {
  if (name == "text") return make_text_stage(setup);
  if (name == "image") return make_image_stage(setup);
  if (name == "speech") return make_speech_stage(setup);
  if (name == "align") return make_align_stage(setup);
  return make_joint_stage(setup);
}

}  // namespace

std::unique_ptr<Model> make_model(const Recipe& recipe, const TrainingData& data) {
  const ModelSizes sizes{.vocabulary = data.tokenizer().vocabulary_size(), .answers = std::ssize(data.answers())};
  return std::make_unique<Model>(recipe.model, sizes, recipe.speech.distances,
                                 RandomKey{.seed = recipe.train.seed, .site = random_site("model")});
}

bool pretrain(const Recipe& recipe, const PretrainOptions& options) {
  const auto comm = comm::make_single();
  RankStatus status;
  return pretrain(recipe, options, {*comm, status});
}

namespace {

/// Ranks that would train different things do not begin to.
void check_agreement_of(const Recipe& recipe, const PretrainOptions& options, comm::Communicator& comm) {
  check_agreement(comm, "the program", std::string(version()));
  check_agreement(comm, "the recipe", write_recipe(recipe));
  check_agreement(comm, "the command line",
                  str("--out ", options.out.string(), " --only ", options.only, " --from ", options.from.string(),
                      options.resume ? " --resume auto" : ""));
}

/// The recipe of a run, with what it was built from and where.
std::string resolved_text(const Recipe& recipe, const TrainingData& data) {
  Recipe resolved = recipe;
  resolved.data.dir = fs::absolute(recipe.data.dir);  // the run is evaluated from other folders too
  const data::Attributes& built_with = data.dataset().manifest().provenance.options;
  resolved.data.build.insert(built_with.begin(), built_with.end());
  return write_recipe(resolved);
}

/// Measures a trained model and writes what it can.
void report(const Recipe& recipe, const fs::path& run, const TrainingData& data, Model& model, RunLog& log) {
  const Evaluation evaluation = evaluate({recipe, run / "checkpoints", data, model}, data);
  for (const std::string& missing : evaluation.missing) log.note("not measured: " + missing);
  write_summary(run, recipe, evaluation);
  write_report(run, evaluation,
               {retrieval_section(retrieval_examples(data, evaluation)),
                answer_section(answer_examples(model, data, evaluation))});
  log.note("report: " + (run / "report.html").string());
}

}  // namespace

bool pretrain(const Recipe& recipe, const PretrainOptions& options, const Ranks& ranks) {
  comm::Communicator& comm = ranks.comm;
  ranks.status.enter("preparing", 0, kLongest);
  const bool writes = comm.rank() == 0;
  check_agreement_of(recipe, options, comm);
  check_options(options);
  check_out(options.out);
  const fs::path checkpoints = options.out / "checkpoints", config = options.out / "config.yaml";
  std::optional<data::FolderLock> lock;
  if (writes && fs::exists(options.out)) lock.emplace(options.out);
  const std::optional<fs::path> newest = newest_checkpoint(checkpoints);
  const bool begun = !list_checkpoints(checkpoints).empty();
  if (begun && !options.resume)
    fail<ConfigError>("--out " + options.out.string(), "holds a run already",
                      Hint{"--resume auto goes on with it; or give another --out"});
  if (newest && fs::exists(config)) check_same_recipe(options.out, recipe);

  comm.barrier({.name = "the run directory is checked"});
  if (writes && !fs::exists(recipe.data.dir / data::kManifestName)) build_data(recipe.data);
  comm.barrier({.name = "the data set is built", .timeout = kLongest});
  const TrainingData data(recipe.data.dir, recipe.model.text.max_positions);
  check_data(recipe, data);
  check_agreement(comm, "the data set", str(data.dataset().manifest().identity()));
  const std::vector<std::string> stages = stages_to_run(recipe, options.only, data);
  check_shards(recipe, stages, data);
  const std::unique_ptr<Model> model = make_model(recipe, data);
  check_clips(recipe, stages, data, *model);
  const std::vector<NamedParameter> parameters = nn::parameters_of(*model);
  if (!options.from.empty() && !newest) {
    const fs::path weights = resolve_checkpoint(options.from);
    check_same_vocabulary(weights, data);
    load_parameters(weights, parameters);
  }

  Progress progress;
  size_t first = 0;
  if (newest) {
    progress = read_progress(*newest);
    check_same_data(progress.data, data, options.out);
    check_stages_before(progress.stage, stages, recipe, options.out);
    load_parameters(*newest, parameters);
    first = static_cast<size_t>(std::ranges::find(stages, progress.stage) - stages.begin());
  }

  const std::string config_text = resolved_text(recipe, data);
  if (newest && progress.stage == stages.back() && progress.step == steps_to_train(recipe, progress.stage) &&
      is_reported(options.out, config_text)) {
    if (writes) std::cerr << "the run is finished; its report: " << (options.out / "report.html").string() << '\n';
    return true;
  }
  comm.barrier({.name = "everything is checked"});

  // From here on the run directory changes, by the hand of rank 0.
  std::optional<RunLog> log;
  if (writes) {
    fs::create_directories(checkpoints);
    if (!lock) {
      lock.emplace(options.out);
      require<IoError>(list_checkpoints(checkpoints).empty(), options.out.string(), "another process began a run here");
    }
    if (is_restarted_job())
      count_start(options.out, newest ? str(progress.stage, " ", progress.step) : std::string("its beginning"));
    for (const char* file : kResults) fs::remove(options.out / file);
    data::write_durably(config, config_text);
    data.dataset().write_description(options.out / kTokenizer);
    rewind_metrics(options.out, newest ? progress.stage : stages.front(), progress.step);
    log.emplace(options.out);
    log->note(str("computing in ", recipe.train.dtype, comm.size() > 1 ? str(" on ", comm.size(), " ranks") : ""));
  }
  fs::path resume_from = newest.value_or(fs::path());
  double seconds = progress.seconds;
  for (size_t i = first; i < stages.size(); ++i) {
    allocator(kCpu).release_cached();  // each stage needs blocks of other sizes
    const std::unique_ptr<Stage> stage = make_stage(stages[i], {recipe, data, *model, comm});
    const StageRun run{recipe,         checkpoints,           parameters,
                       ranks,          log ? &*log : nullptr, data.dataset().manifest().identity(),
                       options.profile};
    if (!run_stage(*stage, run, resume_from, seconds)) {
      if (log) log->note("told to stop: the run is saved, --resume auto goes on with it");
      return false;
    }
    if (log) log->note(str("stage ", stages[i], " done, ", static_cast<int64_t>(seconds), " s since the beginning"));
    resume_from.clear();
  }
  ranks.status.enter("evaluating", 0, kLongest);
  if (log) report(recipe, options.out, data, *model, *log);
  comm.barrier({.name = "the run is evaluated", .timeout = kLongest});
  return true;
}

LoadedRun load_run(const std::filesystem::path& dir, OwnData needed) {
  const fs::path config = dir / "config.yaml";
  require<IoError>(fs::exists(config), dir.string(), "is no run directory: there is no config.yaml in it");
  LoadedRun run;
  run.recipe = read_recipe(config);
  const bool described = needed == OwnData::vocabulary && fs::exists(dir / kTokenizer / data::kManifestName);
  const fs::path folder = fs::absolute(described ? dir / kTokenizer : run.recipe.data.dir);
  require<IoError>(fs::exists(folder / data::kManifestName), dir.string(), "was trained on the data set ",
                   run.recipe.data.name, " in ", folder.string(), ", which is not there",
                   Hint{"where it was moved, say so: data.dir in " + config.string()});
  run.data = std::make_unique<TrainingData>(folder, run.recipe.model.text.max_positions);
  const fs::path checkpoint = resolve_checkpoint(dir);
  const Progress progress = read_progress(checkpoint);
  run.stage = progress.stage;
  const data::DataIdentity& trained = progress.data;
  const data::DataIdentity here = run.data->dataset().manifest().identity();
  require<IoError>(here == trained || (needed == OwnData::vocabulary && here.vocabulary == trained.vocabulary),
                   dir.string(), "was trained on the data set ", trained, ", but ", folder.string(), " now holds ",
                   here, needed == OwnData::vocabulary ? ", with another vocabulary" : "",
                   Hint{"bring the data set back, or say where it is: data.dir in " + config.string()});
  run.model = make_model(run.recipe, *run.data);
  load_parameters(checkpoint, nn::parameters_of(*run.model));
  return run;
}

}  // namespace triad::train
