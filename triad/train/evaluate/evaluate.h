// All measurements of a run.
#pragma once

#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "triad/train/config/recipe.h"
#include "triad/train/evaluate/answers.h"
#include "triad/train/evaluate/embed.h"
#include "triad/train/evaluate/masked_tokens.h"
#include "triad/train/evaluate/retrieval.h"
#include "triad/train/model/model.h"
#include "triad/train/stages/features.h"

namespace triad::train {

/// A run whose training is over, or was.
struct FinishedRun {
  const Recipe& recipe;
  std::filesystem::path checkpoints;  ///< folder: the newest good one tells how far the run got
  const TrainingData& training;       ///< probes and baselines learn from it
  Model& model;                       ///< of the recipe; gets its weights from the checkpoints
};

/// What linear probes and nearest neighbours make of frozen features.
struct Probe {
  double linear = 0;
  double nearest = 0;   ///< by 20 neighbours
  double majority = 0;  ///< of always naming the most frequent class
};

/// What was measured. Absent is what the run was not trained for or the data does not allow to measure.
struct Evaluation {
  std::string split;                              ///< of the data, that was measured on; empty if there is none
  Embedded text, image, speech;                   ///< of that split
  std::map<std::string, Retrieval> retrieval;     ///< "text->image" and so on, every direction
  std::map<std::string, RightClass> right_class;  ///< the same directions, where samples have labels
  std::map<std::string, Probe> probe;             ///< as the data set names them, else "image" and "speech"
  std::optional<AnswerAccuracy> answers;
  std::optional<MaskedAccuracy> masked;
  /// What the run was trained for and the data does not allow to measure, and why; or that there is nothing to measure.
  std::vector<std::string> missing;
};

/// The splits of `data` to measure on: `wanted`, else "test", else "validation", else the parts of these that have pictures
/// or sound only ("test_image", "test_speech", …); none if nothing is held out.
std::vector<std::string> held_out_splits(const TrainingData& data, const std::string& wanted);

/// Measures a run on held-out samples of `data`: the held_out_splits() of the split that the recipe names. The model has
/// the newest weights of the run afterwards. IoError if the run has no checkpoint; ConfigError for pictures its encoder
/// does not take.
///
/// Retrieval and probes look at the end of the run. Masked tokens are guessed with the weights that stage 1 ended with:
/// later stages move the text encoder and leave its head behind.
Evaluation evaluate(const FinishedRun& run, const TrainingData& data);

/// The evaluation as the JSON object that summary.json and `triad eval --json` hold.
std::string to_json(const Evaluation& evaluation);

/// summary.json of a run: recipe, seed, seconds in total and of each stage (from metrics.jsonl), and the evaluation.
void write_summary(const std::filesystem::path& run, const Recipe& recipe, const Evaluation& evaluation);

}  // namespace triad::train
