// What is refused before a run starts.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "triad/train/config/recipe.h"
#include "triad/train/pretrain.h"
#include "triad/train/stages/features.h"

namespace triad::train {

/// Options that cannot be, whatever the data: --only names no stage, there is nothing at --from. ConfigError.
void check_options(const PretrainOptions& options);

/// A folder that is no run yet has nothing of the names that a run writes; logs and the like may lie there. ConfigError.
void check_out(const std::filesystem::path& out);

/// A split to measure on that `data` does not hold out. A misspelt one must not fall back to another: that other may be what
/// no choice may depend on. ConfigError naming `where` it was given and the splits there are.
void check_split(std::string_view where, const std::string& split, const TrainingData& data);

/// A data set that is not the one the recipe describes, by name or by the options it was built with, has no split to
/// measure on by the name the recipe gives, or has pictures or sound the encoders do not take. ConfigError.
void check_data(const Recipe& recipe, const TrainingData& data);

/// A run goes on with the data set it began with, wherever that lies now. ConfigError naming both.
void check_same_data(const data::DataIdentity& trained, const TrainingData& data, const std::filesystem::path& run);

/// Weights to start with take the tokens of `data` for the words they learned. ConfigError if they learned another
/// vocabulary.
void check_same_vocabulary(const std::filesystem::path& weights, const TrainingData& data);

/// The stages to run, in order. ConfigError if there is none, or one finds too little in the data to learn from.
std::vector<std::string> stages_to_run(const Recipe& recipe, const std::string& only, const TrainingData& data);

/// ConfigError if stage speech is to run and no sound is long enough for the model to predict some of it.
void check_clips(const Recipe& recipe, const std::vector<std::string>& stages, const TrainingData& data,
                 const Model& model);

/// Opens every shard that the stages and the evaluation after them will read. IoError naming one that is missing or damaged.
void check_shards(const Recipe& recipe, const std::vector<std::string>& stages, const TrainingData& data);

/// A run that is in stage `current` goes on from there: that has to be one of `stages`, and those before it must have all
/// their steps behind them, which a run that was begun with --only or with another train.max_steps may lack. ConfigError.
void check_stages_before(const std::string& current, const std::vector<std::string>& stages, const Recipe& recipe,
                         const std::filesystem::path& run);

/// A run goes on with the recipe it began with, but for what changes no weight: how long, how often to save and to log,
/// where the data lies. ConfigError naming the first key that differs from config.yaml in the directory `run`.
void check_same_recipe(const std::filesystem::path& run, const Recipe& recipe);

}  // namespace triad::train
