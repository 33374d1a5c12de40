#include "triad/train/evaluate/evaluate.h"

#include <array>
#include <fstream>

#include <nlohmann/json.hpp>

#include "triad/data/formats/durable_file.h"
#include "triad/train/evaluate/embed.h"
#include "triad/train/evaluate/probe.h"

namespace triad::train {
namespace {

using Json = nlohmann::ordered_json;

Json json_of(const Evaluation& e) {
  Json j = {{"split", e.split}};
  for (const auto& [direction, r] : e.retrieval) j["retrieval"][direction] = {{"n", r.n}, {"r1", r.r1}, {"r5", r.r5}, {"r10", r.r10}};
  for (const auto& [direction, share] : e.right_class) j["right_class"][direction] = share;
  for (const auto& [name, accuracy] : e.probe) j["probe"][name] = accuracy;
  for (const auto& [name, accuracy] : e.nearest) j["nearest_neighbours"][name] = accuracy;
  if (e.answers)
    j["vqa"] = {{"accuracy", e.answers->accuracy}, {"question_only", e.answers->question_only},
                {"majority", e.answers->majority}, {"by_type", e.answers->by_type}};
  if (e.masked) j["mlm"] = {{"accuracy", e.masked->accuracy}, {"unigram", e.masked->unigram}};
  return j;
}

/// Seconds of the run, in total and for each stage.
Json seconds_of(const std::filesystem::path& metrics) {
  std::map<std::string, double> end;
  double total = 0;
  Json seconds = {{"total", 0.0}};
  std::ifstream in(metrics);
  std::string line, stage;
  double begin = 0;
  while (std::getline(in, line)) {
    const Json entry = Json::parse(line, nullptr, /*allow_exceptions=*/false);
    if (!entry.is_object()) continue;
    const std::string name = entry.value("stage", "");
    if (name != stage) begin = total, stage = name;
    total = entry.value("seconds", total);
    seconds[stage] = total - begin;
  }
  seconds["total"] = total;
  return seconds;
}

}  // namespace

Evaluation evaluate(const Recipe& recipe, const TrainingData& training, const TrainingData& data, const Model& model) {
  Evaluation e{.split = data.has("test") ? "test" : "validation"};
  const bool aligned = recipe.align.steps > 0 || recipe.joint.steps > 0;
  if (aligned && data.has(e.split)) {
    const SplitEmbeddings test = embed_split(model, data, e.split);
    const std::array<std::pair<const char*, const Tensor*>, 3> modalities = {{{"text", &test.text}, {"image", &test.image}, {"speech", &test.speech}}};
    for (const auto& [from, queries] : modalities) {
      for (const auto& [to, candidates] : modalities) {
        if (from == to || !queries->defined() || !candidates->defined()) continue;
        const std::string direction = str(from, "->", to);
        e.retrieval[direction] = retrieve(*queries, *candidates, test.identities, test.identities);
        if (!test.labels.empty()) e.right_class[direction] = right_class(*queries, *candidates, test.labels, test.labels);
      }
    }
    if (!test.labels.empty() && training.has("train")) {
      const SplitEmbeddings train = embed_split(model, training, "train");
      const auto probe = [&](const char* name, const Tensor& from, const Tensor& to) {
        if (!from.defined() || !to.defined()) return;
        e.probe[name] = linear_probe(from, train.labels, to, test.labels);
        e.nearest[name] = nearest_neighbours(from, train.labels, to, test.labels);
      };
      probe("mnist", train.image_features, test.image_features);
      probe("spoken_digit", train.speech_features, test.speech_features);
    }
  }
  if (model.answer && recipe.joint.steps > 0 && data.has(e.split + "_questions")) e.answers = answer_questions(model, training, data, e.split);
  if (recipe.text.steps > 0 && training.has("pool_text")) {
    const bool has_text = data.has(e.split) && data.split(e.split).has("text");
    if (has_text) e.masked = guess_masked_tokens(model, training, data, e.split, recipe.text.masked);
  }
  return e;
}

std::string to_json(const Evaluation& evaluation) { return json_of(evaluation).dump(2) + "\n"; }

void write_summary(const std::filesystem::path& run, const Recipe& recipe, const Evaluation& evaluation) {
  Json summary = {{"recipe", recipe.name}, {"seed", recipe.train.seed}, {"seconds", seconds_of(run / "metrics.jsonl")}};
  summary.update(json_of(evaluation));
  data::write_durably(run / "summary.json", summary.dump(2) + "\n");
}

}  // namespace triad::train
