// Optimizers: one launch over the whole arena.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "triad/optim/arena.h"

namespace triad::optim {

/// Which update, and its constants. See ops/optimizer for the formulas.
struct OptimizerOptions {
  enum class Kind { adamw, lamb, sgd };
  Kind kind = Kind::adamw;
  double beta1 = 0.9;
  double beta2 = 0.98;
  double eps = 1e-8;
  double momentum = 0.9;  ///< of sgd
  double weight_decay = 0.05;
  double clip_norm = 1;  ///< of all gradients together; 0 means no clipping
};

/// An array of the optimizer that lies like the arena, such as the first moments.
struct OptimizerState {
  std::string name;
  Tensor values;  ///< f32 [arena.numel()]
};

class Optimizer {
 public:
  /// The arena must outlive the optimizer.
  Optimizer(Arena& arena, const OptimizerOptions& options);

  /// Updates all parameters from the gradients in the arena, clipped to clip_norm by their global norm, which is returned.
  /// ValueError naming the parameter if a gradient is NaN or infinite, or if a parameter was frozen or unfrozen after
  /// the arena was made; nothing is changed then.
  double step(double lr);

  /// Steps done so far; what a checkpoint has to keep beside states().
  int64_t steps() const { return steps_; }
  void set_steps(int64_t steps) { steps_ = steps; }
  std::vector<OptimizerState>& states() { return states_; }

 private:
  Arena& arena_;
  OptimizerOptions options_;
  int64_t steps_ = 0;
  std::vector<OptimizerState> states_;
};

}  // namespace triad::optim
