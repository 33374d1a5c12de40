// A whole training step, as it is timed: forward, loss, backward, clipping by the global norm, AdamW.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "triad/bench/steps/step_model.h"
#include "triad/optim/arena.h"
#include "triad/optim/optimizer.h"

namespace triad::bench {

/// "text-mini", "image-6x192", "speech-256", "align", "text-base", "vit-b16".
std::vector<std::string> training_step_names();

class TrainingStep {
 public:
  /// `dtype`: of activations, f32 or bf16; weights and their updates are f32. ValueError for an unknown name.
  TrainingStep(const std::string& name, DType dtype, double dropout, uint64_t seed);

  /// One step; the loss before it.
  double run();

  StepModel& model() { return *model_; }
  /// Scalars in all parameters.
  int64_t parameters() const;

 private:
  std::unique_ptr<StepModel> model_;
  optim::Arena arena_;
  optim::Optimizer optimizer_;
  DType dtype_;
  RandomKey key_;
};

}  // namespace triad::bench
