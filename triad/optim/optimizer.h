// Optimizers: one launch over the whole arena.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
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

/// The part of an arena that one of several ranks updates: the optimizer keeps state for no more than that (ZeRO
/// [arXiv:1910.02054, stage 1]).
struct Shard {
  std::vector<ArenaRange> ranges;                      ///< in increasing order
  std::function<double(double own)> sum_over_ranks{};  ///< called on all ranks alike, once a step
};

class Optimizer {
 public:
  /// The arena must outlive the optimizer. Without a shard, everything is updated here. ValueError for LAMB on a shard: it
  /// looks at whole layers.
  Optimizer(Arena& arena, const OptimizerOptions& options, std::optional<Shard> shard = std::nullopt);

  /// Updates the parameters from the gradients in the arena, clipped to clip_norm by their global norm, which is returned.
  /// NumericError naming the parameter if a gradient is NaN or infinite, ValueError if a parameter was frozen or unfrozen
  /// after the arena was made; nothing is changed then. On a shard, the rank that owns such a gradient names it.
  double step(double lr);

  /// Steps done so far.
  int64_t steps() const { return steps_; }
  /// Together with steps(), what a checkpoint has to keep; on a shard, 0 outside of it.
  std::vector<OptimizerState> states() const;
  /// Goes on from there. ShapeError if a state does not lie like the arena, ValueError if there are others than states().
  void restore(int64_t steps, const std::vector<OptimizerState>& states);

 private:
  double gradient_norm() const;
  [[noreturn]] void refuse_gradient() const;
  void update(const ArenaRange& range, int64_t state_first, double lr, double gradient_scale);

  Arena& arena_;
  OptimizerOptions options_;
  Shard shard_;
  int64_t steps_ = 0;
  std::vector<OptimizerState> states_;  ///< of the shard alone: its ranges one after the other
};

}  // namespace triad::optim
