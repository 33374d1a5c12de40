// What the stages have in common: one loader, the model, the recipe.
#pragma once

#include <initializer_list>
#include <memory>
#include <utility>
#include <vector>

#include "triad/core/comm/communicator.h"
#include "triad/data/loader/loader.h"
#include "triad/train/loop/stage.h"
#include "triad/train/model/model.h"
#include "triad/train/stages/features.h"

namespace triad::train {

/// What a stage is made from. All referred to must outlive it.
struct StageSetup {
  const Recipe& recipe;
  const TrainingData& data;
  Model& model;
  comm::Communicator& comm;
};

/// The parts of Stage that are the same for every stage with one loader.
template <class Batch>
class LoaderStage : public Stage {
 public:
  LoaderStage(const StageSetup& setup, std::string_view name, std::vector<NamedParameter> parameters)
      : setup_(setup), name_(name), parameters_(std::move(parameters)) {}

  std::string_view name() const override { return name_; }
  std::vector<NamedParameter> parameters() override { return parameters_; }
  void load() override {
    data::Loaded<Batch> loaded = *loader_->next();
    batch_ = std::move(loaded.batch);
    first_ = loaded.indices.first;
  }
  data::LoaderState loader_state() const override { return loader_->state(); }
  int64_t first() const override { return first_; }
  void restore_loader(const data::LoaderState& state) override { loader_->restore(state); }

 protected:
  /// Starts the loader: shuffled by the seed of the run and the name of the stage.
  void start(const StageOptions& options, int64_t samples, std::vector<int64_t> lengths,
             typename data::Loader<Batch>::Make make) {
    loader_ = std::make_unique<data::Loader<Batch>>(samples, std::move(lengths), options_of(options), std::move(make));
  }
  /// The random numbers of a sample: of the run, the batch, the stage.
  RandomKey key_of(const data::BatchIndices& indices, size_t sample) const {
    return RandomKey{.seed = setup_.recipe.train.seed,
                     .step = static_cast<uint32_t>(indices.sequence),
                     .site = random_site(name_),
                     .sample = static_cast<uint32_t>(indices.first + static_cast<int64_t>(sample))};
  }

  data::LoaderOptions options_of(const StageOptions& stage) const {
    return {.plan = {.batch_size = stage.batch, .seed = setup_.recipe.train.seed + random_site(name_)},
            .rank = setup_.comm.rank(),
            .world = setup_.comm.size(),
            .workers = static_cast<int>(setup_.recipe.data.loader_threads)};
  }

  StageSetup setup_;
  std::string_view name_;
  std::vector<NamedParameter> parameters_;
  std::unique_ptr<data::Loader<Batch>> loader_;
  Batch batch_;
  int64_t first_ = 0;
};

/// Parameters below the given modules, named as in the whole model.
inline std::vector<NamedParameter> parameters_below(
    std::initializer_list<std::pair<std::string_view, nn::Module*>> modules) {
  std::vector<NamedParameter> all;
  for (const auto& [name, module] : modules) {
    for (NamedParameter& p : nn::parameters_of(*module, name)) all.push_back(std::move(p));
  }
  return all;
}

}  // namespace triad::train
