#include "triad/train/checks.h"

#include <algorithm>
#include <array>
#include <map>

#include <yaml-cpp/yaml.h>

#include "triad/core/base/join.h"
#include "triad/train/checkpoint/checkpoint.h"
#include "triad/train/checkpoint/checkpoint_folder.h"
#include "triad/train/evaluate/evaluate.h"

namespace triad::train {
namespace {

namespace fs = std::filesystem;

/// The split a stage is trained on.
std::string split_of(std::string_view stage) {
  return stage == "align" || stage == "joint" ? "train" : "pool_" + std::string(stage);
}

std::string text_of(const data::Attribute& value) {
  return std::visit(
      [](const auto& v) -> std::string {
        if constexpr (std::is_same_v<std::decay_t<decltype(v)>, std::vector<std::string>>) return join(v);
        else return str(std::boolalpha, v);
      },
      value);
}

/// What the recipe leaves open may be as it likes.
void check_built_as_described(const DataOptions& options, const data::Manifest& manifest) {
  if (manifest.name != options.name)
    fail<ConfigError>("data.dir", options.dir.string(), " holds the data set ", manifest.name, ", not ", options.name,
                      Hint{"give another data.dir: what is not there is built as the recipe says"});
  std::vector<std::string> differences;
  std::string remedy;
  for (const auto& [name, wanted] : options.build) {
    const auto built = manifest.provenance.options.find(name);
    if (built == manifest.provenance.options.end() || built->second == wanted) continue;
    differences.push_back(str(name, " ", text_of(built->second), " instead of ", text_of(wanted)));
    remedy += str(" --set data.build.", name, "=", text_of(built->second));
  }
  if (!differences.empty())
    fail<ConfigError>("data.build", options.dir.string(), " was built with ", join(differences),
                      Hint{"to train on it as it is:" + remedy +
                           "; or give another data.dir: what is not there is built as the recipe says"});
}

void check_pictures(const nn::ImageEncoderOptions& encoder, const TrainingData& data) {
  if (!data.has_pictures()) return;
  const Shape shape = data.picture_shape();
  const int64_t patch = int64_t{1} << encoder.stem_channels.size();
  if (shape[0] != encoder.image_channels)
    fail<ConfigError>("model.image.image_channels", encoder.image_channels, ", but the pictures have ", shape[0]);
  if (shape[1] % patch != 0 || shape[2] % patch != 0)
    fail<ConfigError>("model.image.stem_channels", encoder.stem_channels.size(),
                      " convolutions of stride 2 do not divide pictures of ", shape[1], "×", shape[2], " pixels");
}

/// Masked image modelling hides blocks of 2×2 tokens and leaves others.
void check_grid(const nn::ImageEncoderOptions& encoder, const Shape& picture) {
  const int64_t patch = int64_t{1} << encoder.stem_channels.size(), h = picture[1] / patch, w = picture[2] / patch;
  if (std::max(h, w) <= 2)
    fail<ConfigError>("model.image.stem_channels", encoder.stem_channels.size(), " convolutions of stride 2 leave ", h,
                      "×", w, " tokens of a picture of ", picture[1], "×", picture[2],
                      " pixels, too few to hide a part of them", Hint{"fewer convolutions, or stages.image.steps: 0"});
}

/// Whether samples of a split can have both sides of a pair that has a weight.
bool has_pairs(const PairWeights& weights, const data::SplitReader& split) {
  const bool image = split.has("image"), text = split.has("text"), speech = split.has("audio");
  return (weights.text_image > 0 && text && image) || (weights.speech_image > 0 && speech && image) ||
         (weights.text_speech > 0 && text && speech);
}

/// Whether the stage finds something to learn from in the samples of its split.
bool can_learn(std::string_view stage, const Recipe& recipe, const TrainingData& data) {
  if (stage == "align") return has_pairs(recipe.align.pairs, data.split("train"));
  if (stage != "joint") return true;
  const JointTasks& tasks = recipe.joint.tasks;
  return (tasks.answer.weight > 0 && data.has("train_questions")) ||
         (tasks.contrast.weight > 0 && has_pairs(tasks.contrast.pairs, data.split("train")));
}

/// Keys of a recipe that change no weight, but for rounding in another order.
bool may_differ(std::string_view key) {
  constexpr std::array<std::string_view, 5> kNames = {"data.dir", "data.split", "data.loader_threads",
                                                      "train.max_steps", "train.log_every"};
  return std::ranges::find(kNames, key) != kNames.end() || key.starts_with("checkpoint.") ||
         key.starts_with("parallel.") || key.starts_with("data.build.");
}

void flatten(const YAML::Node& node, const std::string& path, std::map<std::string, std::string>& values) {
  if (!node.IsMap()) {
    values[path] = YAML::Dump(node);
    return;
  }
  for (const auto& entry : node)
    flatten(entry.second, path.empty() ? entry.first.Scalar() : path + "." + entry.first.Scalar(), values);
}

std::map<std::string, std::string> values_of(const Recipe& recipe) {
  std::map<std::string, std::string> values;
  flatten(YAML::Load(write_recipe(recipe)), "", values);
  return values;
}

}  // namespace

void check_options(const PretrainOptions& options) {
  if (!options.only.empty() && std::ranges::find(kStageNames, options.only) == kStageNames.end())
    fail<ConfigError>("--only " + options.only, "no such stage", Hint{"text, image, speech, align or joint"});
  if (!options.from.empty() && !fs::exists(options.from))
    fail<ConfigError>("--from " + options.from.string(), "is not there",
                      Hint{"a run, a checkpoint or a safetensors file"});
}

void check_out(const fs::path& out) {
  if (!fs::exists(out) || fs::exists(out / "checkpoints") || fs::exists(out / "metrics.jsonl")) return;
  for (const char* written : {"config.yaml", "summary.json", "report.html", "tokenizer"}) {
    if (fs::exists(out / written))
      fail<ConfigError>("--out " + out.string(), "is no run, but has a ", written, " which a run would replace",
                        Hint{"give a folder of its own, which need not exist"});
  }
}

void check_split(std::string_view where, const std::string& split, const TrainingData& data) {
  std::vector<std::string> held_out;
  for (const data::SplitEntry& entry : data.dataset().manifest().splits) {
    if (entry.name != "train" && !entry.name.starts_with("pool_") && !entry.name.ends_with("_questions"))
      held_out.push_back(entry.name);
  }
  const bool known = std::ranges::any_of(std::array{"", "_image", "_speech"}, [&](const char* part) {
    return std::ranges::find(held_out, split + part) != held_out.end();
  });
  if (!known && !held_out.empty())
    fail<ConfigError>(where, "'", split, "' is no held-out split of ", data.dataset().folder().string(),
                      Hint{"there are " + join(held_out)});
}

void check_data(const Recipe& recipe, const TrainingData& data) {
  check_built_as_described(recipe.data, data.dataset().manifest());
  check_split("data.split", recipe.data.split, data);
  check_pictures(recipe.model.image, data);
  if (data.has_sound() && recipe.model.speech.mels != data.mel().mels)
    fail<ConfigError>("model.speech.mels", recipe.model.speech.mels, " bands, the sound of ", recipe.data.name, " has ",
                      data.mel().mels);
}

void check_same_data(const data::DataIdentity& trained, const TrainingData& data, const fs::path& run) {
  const data::DataIdentity here = data.dataset().manifest().identity();
  if (here != trained)
    fail<ConfigError>(
        "data.dir", data.dataset().folder().string(), " holds the data set ", here, ", but the run ", run.string(),
        " began with ", trained,
        Hint{"give the data.dir where that one lies; to train on this one, give another --out, and --from " +
             run.string() + " to start with these weights"});
}

void check_same_vocabulary(const fs::path& weights, const TrainingData& data) {
  const std::optional<data::DataIdentity> trained = data_of(weights);
  const data::DataIdentity here = data.dataset().manifest().identity();
  if (trained && trained->vocabulary != here.vocabulary)
    fail<ConfigError>("--from " + weights.string(), "was trained with the vocabulary of the data set ", *trained,
                      ", which the data set ", here, " in ", data.dataset().folder().string(), " does not have",
                      Hint{"its tokens would be other words to these weights: start without them"});
}

std::vector<std::string> stages_to_run(const Recipe& recipe, const std::string& only, const TrainingData& data) {
  std::vector<std::string> stages;
  for (const std::string_view name : kStageNames) {
    const StageOptions& stage = stage_options(recipe, name);
    if ((!only.empty() && only != name) || stage.steps == 0) continue;
    const std::string split = split_of(name);
    const int64_t samples = data.has(split) ? data.split(split).size() : 0;
    if (samples == 0 || !can_learn(name, recipe, data))
      fail<ConfigError>(str("stages.", name), "the data set ", recipe.data.name, " has nothing to train this stage on",
                        Hint{"set its steps to 0"});
    if (samples < stage.batch)
      fail<ConfigError>(str("stages.", name, ".batch"), stage.batch, ", but the split ", split, " has ", samples,
                        " samples");
    if (name == "image") check_grid(recipe.model.image, data.picture_shape());
    stages.emplace_back(name);
  }
  if (stages.empty() && !only.empty())
    fail<ConfigError>("stages." + only + ".steps", "0, so --only ", only, " has nothing to run",
                      Hint{"--set stages." + only + ".steps=N"});
  if (stages.empty())
    fail<ConfigError>("stages", "no stage has steps to run", Hint{"--set stages.STAGE.steps=N gives it some"});
  return stages;
}

void check_clips(const Recipe& recipe, const std::vector<std::string>& stages, const TrainingData& data,
                 const Model& model) {
  if (std::ranges::find(stages, "speech") == stages.end()) return;
  const int64_t frames = data::log_mel_frames(std::ranges::max(data.split("pool_speech").lengths("audio")), data.mel());
  const nn::SpeechPredictionHead& head = model.speech_prediction;
  const Tensor longest = from_values(std::vector<int64_t>{frames}, {1});
  const auto terms = [](double weight, int64_t count) { return weight > 0 ? count : 0; };
  if (terms(recipe.speech.frame_weight, head.frame_count(longest)) +
          terms(recipe.speech.feature_weight, head.feature_count(longest)) ==
      0)
    fail<ConfigError>("model.speech", "strides of ", recipe.model.speech.first_stride, " and ",
                      recipe.model.speech.second_stride, " leave nothing to predict of the longest sound, ", frames,
                      " frames", Hint{"smaller strides, or stages.speech.steps: 0"});
}

void check_shards(const Recipe& recipe, const std::vector<std::string>& stages, const TrainingData& data) {
  std::vector<std::string> splits = held_out_splits(data, recipe.data.split);
  for (const std::string& stage : stages) splits.push_back(split_of(stage));
  for (const std::string& split : splits) {
    data.split(split).open_shards();
    if (const std::string questions = split + "_questions"; data.has(questions)) data.split(questions).open_shards();
  }
}

void check_stages_before(const std::string& current, const std::vector<std::string>& stages, const Recipe& recipe,
                         const fs::path& run) {
  const std::string advice =
      "go on as the run began, with the same --only or train.max_steps; or give another --out, and --from " +
      run.string() + " to start with its weights";
  if (std::ranges::find(stages, current) == stages.end())
    fail<ConfigError>("--out " + run.string(), "the run is in stage ", current, ", which is not to be run",
                      Hint{advice});
  for (const std::string& stage : stages) {
    if (stage == current) return;
    const int64_t done = steps_trained(run / "checkpoints", stage), steps = steps_to_train(recipe, stage);
    if (done < steps)
      fail<ConfigError>("stages." + stage, "the run ", run.string(), " is in stage ", current, " after ", done, " of ",
                        steps, " steps of this one", Hint{advice});
  }
}

void check_same_recipe(const fs::path& run, const Recipe& recipe) {
  const fs::path file = run / "config.yaml";
  const std::map<std::string, std::string> before = values_of(read_recipe(file)), now = values_of(recipe);
  for (const auto& [key, value] : now) {
    const auto had = before.find(key);
    if (may_differ(key) || (had != before.end() && had->second == value)) continue;
    fail<ConfigError>(key, value, ", but the run began with ", had == before.end() ? "none" : had->second, " (",
                      file.string(), ")",
                      Hint{"a run goes on with its own recipe; to change it, give another --out, and --from " +
                           run.string() + " to start with these weights"});
  }
}

}  // namespace triad::train
