// The training loop of one stage.
#pragma once

#include <filesystem>

#include "triad/train/checkpoint/checkpoint.h"
#include "triad/train/config/recipe.h"
#include "triad/train/launch/ranks.h"
#include "triad/train/loop/stage.h"
#include "triad/train/metrics/run_log.h"

namespace triad::train {

/// What a stage runs in.
struct StageRun {
  const Recipe& recipe;
  std::filesystem::path checkpoints;             ///< folder
  std::vector<NamedParameter> model_parameters;  ///< of the whole model: what checkpoints hold
  Ranks ranks;                                   ///< those of the stage's loader
  RunLog* log = nullptr;                         ///< of rank 0; null on the others
  data::DataIdentity data{};                     ///< what the stage is trained on, for checkpoints
  bool profile = false;                          ///< say at the end where the time of the steps went
};

/// Trains `stage` from its beginning or, given a checkpoint of it, from there; on all ranks of a group alike. Rank 0 writes a
/// checkpoint every recipe.checkpoint.every steps and at the end. Where a rank has been told to stop (stop_request.h), all end
/// after the same step, with a checkpoint: false then, true where the stage is done. `seconds`: the run has taken so far, kept
/// up to date. NumericError naming stage, step and parameter if a gradient is not finite: the parameters are as before that
/// step, and the newest checkpoint is that of the last recipe.checkpoint.every steps.
bool run_stage(Stage& stage, const StageRun& run, const std::filesystem::path& resume_from, double& seconds);

}  // namespace triad::train
