#include "triad/train/evaluate/evaluate.h"

#include <algorithm>
#include <array>
#include <set>

#include <nlohmann/json.hpp>

#include "triad/core/base/join.h"
#include "triad/data/formats/durable_file.h"
#include "triad/train/checkpoint/checkpoint.h"
#include "triad/train/checkpoint/checkpoint_folder.h"
#include "triad/train/evaluate/probe.h"
#include "triad/train/metrics/metrics_file.h"

namespace triad::train {
namespace {

using Json = nlohmann::ordered_json;

Json json_of(const Evaluation& e) {
  Json j = Json::object();
  if (!e.split.empty()) j["split"] = e.split;
  for (const auto& [direction, r] : e.retrieval)
    j["retrieval"][direction] = {{"n", r.n}, {"r1", r.r1}, {"r5", r.r5}, {"r10", r.r10}};
  for (const auto& [direction, right] : e.right_class) j["right_class"][direction] = right.share;
  for (const auto& [name, probe] : e.probe) j["probe"][name] = probe.linear;
  for (const auto& [name, probe] : e.probe) j["nearest_neighbours"][name] = probe.nearest;
  if (e.answers) {
    j["vqa"] = {{"accuracy", e.answers->all.accuracy},
                {"question_only", e.answers->all.question_only},
                {"majority", e.answers->all.majority}};
    for (const auto& [type, of_type] : e.answers->by_type) j["vqa"]["by_type"][type] = of_type.accuracy;
  }
  if (e.masked) j["mlm"] = {{"accuracy", e.masked->accuracy}, {"unigram", e.masked->unigram}};
  return j;
}

/// Seconds of the run, in total and for each stage.
Json seconds_of(const std::filesystem::path& metrics) {
  double total = 0, begin = 0;
  std::string stage;
  Json seconds = {{"total", 0.0}};
  for (const MetricsLine& line : read_metrics(metrics)) {
    if (line.stage != stage) begin = total, stage = line.stage;
    if (const auto found = line.values.find("seconds"); found != line.values.end()) total = found->second;
    seconds[stage] = total - begin;
  }
  seconds["total"] = total;
  return seconds;
}

void check_pictures(const nn::ImageEncoder& encoder, const TrainingData& data) {
  if (!data.has_pictures()) return;
  const Shape shape = data.picture_shape();
  const int64_t channels = encoder.options().image_channels, patch = encoder.stem.patch();
  if (shape[0] != channels || shape[1] % patch != 0 || shape[2] % patch != 0)
    fail<ConfigError>(data.dataset().folder().string(), "pictures of ", shape[1], "×", shape[2], " pixels and ",
                      shape[0], " channels, the run takes multiples of ", patch, " pixels and ", channels, " channels");
}

/// Embeds the splits; a modality comes from the first that has it.
void embed(const Model& model, const TrainingData& data, const std::vector<std::string>& splits, Evaluation& e) {
  for (const std::string& split : splits) {
    if (!data.split(split).has("identity")) {
      e.missing.push_back("retrieval and probes: split '" + split + "' has no column 'identity'");
      continue;
    }
    if (e.text.empty()) e.text = embed_text(model, data, split);
    if (e.image.empty()) e.image = embed_images(model, data, split);
    if (e.speech.empty()) e.speech = embed_speech(model, data, split);
  }
}

void measure_retrieval(Evaluation& e) {
  const std::array<std::pair<const char*, const Embedded*>, 3> modalities = {
      {{"text", &e.text}, {"image", &e.image}, {"speech", &e.speech}}};
  for (const auto& [from, queries] : modalities) {
    for (const auto& [to, candidates] : modalities) {
      if (from == to || queries->empty() || candidates->empty()) continue;
      const std::string direction = str(from, "->", to);
      e.retrieval[direction] =
          retrieve(queries->embeddings, candidates->embeddings, queries->identities, candidates->identities);
      if (queries->labels.empty() || candidates->labels.empty()) continue;
      const RightClass right =
          right_class(queries->embeddings, candidates->embeddings, queries->labels, candidates->labels);
      if (right.n > 0) e.right_class[direction] = right;
    }
  }
}

double share_of_most_frequent(const std::vector<int64_t>& labels) {
  std::map<int64_t, int64_t> counts;
  int64_t most = 0;
  for (const int64_t label : labels) most = std::max(most, ++counts[label]);
  return static_cast<double>(most) / static_cast<double>(labels.size());
}

/// What the data set calls the task of telling the classes by a modality: its attribute "MODALITY_probe", or MODALITY.
std::string probe_name(const data::Manifest& manifest, const std::string& modality) {
  const std::string attribute = modality + "_probe";
  return manifest.attributes.contains(attribute) ? manifest.text(attribute) : modality;
}

/// A list of names in dataset.json; empty if it has none.
std::vector<std::string> names_in(const data::Manifest& manifest, const char* list) {
  return manifest.attributes.contains(list) ? manifest.list(list) : std::vector<std::string>();
}

/// The labels of `data` as the numbers that the data of the run give to classes of the same names. Names that the run does
/// not know are added to `unknown`.
std::vector<int64_t> as_trained(std::vector<int64_t> labels, const data::Manifest& data, const data::Manifest& trained,
                                std::set<std::string>& unknown) {
  constexpr const char* kList = "label_names";
  const std::vector<std::string> known = names_in(trained, kList), names = names_in(data, kList);
  if (known.empty() || names.empty() || names == known) return labels;
  for (int64_t& label : labels) {
    const std::string name = listed(data, kList, label);
    label = std::ranges::find(known, name) - known.begin();
    if (label == std::ssize(known)) unknown.insert(name);
  }
  return labels;
}

using EmbedSplit = Embedded (*)(const Model&, const TrainingData&, std::string_view);

/// Probes a modality of `held_out` samples of `data`, if they have labels.
void measure_probe(const FinishedRun& run, const TrainingData& data, const std::string& modality,
                   const EmbedSplit& embed_split, const Embedded& held_out, Evaluation& e) {
  if (held_out.labels.empty()) return;
  const data::Manifest& trained = run.training.dataset().manifest();
  const std::string name = probe_name(trained, modality);
  std::set<std::string> unknown;
  const std::vector<int64_t> labels = as_trained(held_out.labels, data.dataset().manifest(), trained, unknown);
  if (!unknown.empty()) {
    e.missing.push_back("probe " + name + ": the run was not trained on the classes " + join(unknown));
    return;
  }
  const Embedded train = embed_split(run.model, run.training, "train");
  if (train.labels.empty()) return;
  e.probe[name] = {.linear = linear_probe(train.features, train.labels, held_out.features, labels),
                   .nearest = nearest_neighbours(train.features, train.labels, held_out.features, labels),
                   .majority = share_of_most_frequent(labels)};
}

}  // namespace

std::vector<std::string> held_out_splits(const TrainingData& data, const std::string& wanted) {
  const std::array<std::string, 3> names = {wanted, "test", "validation"};
  for (const std::string& name : names) {
    if (data.has(name)) return {name};
  }
  std::vector<std::string> parts;
  for (const char* modality : {"_image", "_speech"}) {
    const auto found = std::ranges::find_if(names, [&](const std::string& name) { return data.has(name + modality); });
    if (found != names.end()) parts.push_back(*found + modality);
  }
  return parts;
}

Evaluation evaluate(const FinishedRun& run, const TrainingData& data) {
  const std::optional<std::filesystem::path> newest = newest_checkpoint(run.checkpoints);
  if (!newest) fail<IoError>(run.checkpoints.string(), "holds no checkpoint");
  const std::vector<std::string> splits = held_out_splits(data, run.recipe.data.split);
  Evaluation e{.split = join(splits, {}, "+")};
  const auto parameters = nn::parameters_of(run.model);
  const std::string_view stage = stage_of(*newest);
  const bool joint = stage == "joint", aligned = joint || stage == "align";
  if (aligned) check_pictures(run.model.image, data);

  if (const auto checkpoint = newest_checkpoint(run.checkpoints, "text")) {
    const auto texts =
        std::ranges::find_if(splits, [&](const std::string& split) { return data.split(split).has("text"); });
    load_parameters(*checkpoint, parameters);
    if (texts != splits.end())
      e.masked = guess_masked_tokens(run.model, run.training, data, *texts, run.recipe.text.masked);
    else e.missing.push_back("masked tokens: no split has a column 'text'");
  }
  load_parameters(*newest, parameters);

  if (aligned) {
    embed(run.model, data, splits, e);
    measure_retrieval(e);
    measure_probe(run, data, "image", &embed_images, e.image, e);
    measure_probe(run, data, "speech", &embed_speech, e.speech, e);
  }
  if (joint && run.model.answer) {
    const std::string questions = e.split + "_questions";
    if (!data.has(questions)) e.missing.push_back("answers: there is no split '" + questions + "'");
    else if (names_in(data.dataset().manifest(), "answers") != run.training.answers())
      e.missing.push_back("answers: the run was trained on another list of answers");
    else e.answers = answer_questions(run.model, run.training, data, e.split);
  }
  if (splits.empty()) e.missing = {"anything: the data set has no held-out split, such as test or validation"};
  else if (e.missing.empty() && !e.masked && e.retrieval.empty() && e.probe.empty() && !e.answers)
    e.missing.push_back(
        str("anything: a run that ends with stage ", stage, " has nothing to measure on '", e.split, "'"));
  return e;
}

std::string to_json(const Evaluation& evaluation) { return json_of(evaluation).dump(2) + "\n"; }

void write_summary(const std::filesystem::path& run, const Recipe& recipe, const Evaluation& evaluation) {
  Json summary = {{"recipe", recipe.name}, {"seed", recipe.train.seed}, {"seconds", seconds_of(run / "metrics.jsonl")}};
  summary.update(json_of(evaluation));
  data::write_durably(run / "summary.json", summary.dump(2) + "\n");
}

}  // namespace triad::train
