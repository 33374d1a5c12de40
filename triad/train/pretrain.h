// `triad pretrain`: the stages of a recipe, one after the other, in a run directory.
#pragma once

#include <filesystem>
#include <memory>
#include <string>

#include "triad/train/config/recipe.h"
#include "triad/train/launch/ranks.h"
#include "triad/train/model/model.h"
#include "triad/train/stages/features.h"

namespace triad::train {

struct PretrainOptions {
  std::filesystem::path out;   ///< run directory
  std::string only;            ///< the one stage to run; empty: all
  std::filesystem::path from;  ///< a run, checkpoint or safetensors file to take the weights from; empty: fresh ones
  bool resume = false;         ///< go on in `out` from its newest good checkpoint, if there is one
  bool profile = false;        ///< say after each stage where the time of its steps went
};

/// Builds the data set if it is not there, runs the stages, evaluates, writes summary.json and report.html. Everything is
/// checked before anything starts: ConfigError for a recipe or options that do not fit the data, IoError for files, and where
/// another process is at work in the run directory.
/// Called on all ranks alike, which see the same files; rank 0 writes them.
/// False where it was told to stop: a checkpoint says how far it has come.
bool pretrain(const Recipe& recipe, const PretrainOptions& options, const Ranks& ranks);
/// On one rank.
bool pretrain(const Recipe& recipe, const PretrainOptions& options);

/// A model for the recipe and its data, with fresh weights.
std::unique_ptr<Model> make_model(const Recipe& recipe, const TrainingData& data);

/// What a finished or interrupted run consists of, to evaluate it or to embed with it.
struct LoadedRun {
  Recipe recipe;
  std::string stage;  ///< that its weights are from
  std::unique_ptr<TrainingData> data;
  std::unique_ptr<Model> model;
};

/// What of its data set a run is needed with: all of it, or the words it knows.
enum class OwnData { everything, vocabulary };

/// The run in `dir` with the weights of its newest good checkpoint. Of its data set, dataset.json and the vocabulary are
/// read; where no more is needed, from `dir` itself if they are there, as runs made by older programs lack them. IoError if
/// there is no checkpoint, or if the data set is not where config.yaml says or has become another.
LoadedRun load_run(const std::filesystem::path& dir, OwnData needed = OwnData::everything);

}  // namespace triad::train
