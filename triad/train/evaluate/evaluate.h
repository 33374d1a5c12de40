// All measurements of a run.
#pragma once

#include <filesystem>
#include <map>
#include <optional>
#include <string>

#include "triad/train/config/recipe.h"
#include "triad/train/evaluate/answers.h"
#include "triad/train/evaluate/retrieval.h"
#include "triad/train/model/model.h"
#include "triad/train/stages/features.h"

namespace triad::train {

/// What was measured; what the data does not allow to measure is absent.
struct Evaluation {
  std::string split;                               ///< "test", or "validation" where there is none
  std::map<std::string, Retrieval> retrieval;      ///< "text->image" and so on, every direction
  std::map<std::string, double> right_class;       ///< the same directions, where samples have labels
  std::map<std::string, double> probe;             ///< linear probes on frozen features: "spoken_digit", "mnist"
  std::map<std::string, double> nearest;           ///< the same by 20 nearest neighbours
  std::optional<AnswerAccuracy> answers;
  std::optional<MaskedAccuracy> masked;
};

/// Measures `model` on `data`. Probes and baselines learn from `training`, the data of the run.
Evaluation evaluate(const Recipe& recipe, const TrainingData& training, const TrainingData& data, const Model& model);

/// The evaluation as the JSON object that summary.json and `triad eval --json` hold.
std::string to_json(const Evaluation& evaluation);

/// summary.json of a run: recipe, seed, seconds in total and of each stage (from metrics.jsonl), and the evaluation.
void write_summary(const std::filesystem::path& run, const Recipe& recipe, const Evaluation& evaluation);

}  // namespace triad::train
