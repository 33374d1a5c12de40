// Adds up the gradients of all ranks while the backward pass is still under way.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "triad/core/comm/communicator.h"
#include "triad/core/comm/plan.h"
#include "triad/optim/arena.h"

namespace triad::train {

struct ReducerOptions {
  int64_t bucket_bytes = int64_t{25} << 20;  ///< a bucket is closed at the first parameter that brings it to this size
  bool bf16_on_the_wire = false;             ///< see comm::CallOptions
  bool scatter = false;  ///< every rank gets the sums of its own part of each bucket, and nothing else
  bool release = false;  ///< with scatter: after every pass, and the memory of all other parts goes back to the system
};

/// Buckets are runs of whole parameters in the arena. In the first step they are reduced after the backward pass, which shows
/// in which order they become complete; rank 0's order is everybody's from then on, and each bucket starts as soon as it and
/// all before it are complete. A parameter that a backward pass does not reach completes with the step: ranks may differ in
/// which these are.
///
/// A step: clear(); for each backward pass before_pass(), the pass, after_pass(); finish().
class GradientReducer {
 public:
  /// `arena` and `comm` must outlive it. All ranks have the same arena.
  GradientReducer(optim::Arena& arena, comm::Communicator& comm, const ReducerOptions& options);
  ~GradientReducer();

  /// Zeroes the gradients; with `release`, those that were kept: the others are zero.
  void clear();
  /// From here on a gradient is final, if the pass is the last one, when the pass has added to it; with `release`, always.
  void before_pass(bool last);
  /// With `release`, reduces what is left of the pass.
  void after_pass();
  /// Reduces what is left, and waits for all. comm::CommError, as Communicator.
  void finish();

  /// Buckets in the order of the arena.
  const std::vector<comm::Range>& buckets() const;
  /// The part of each bucket that a rank gets with `scatter`, in the order of the arena; without, everything.
  std::vector<comm::Range> owned_by(int rank) const;
  /// With `scatter`, hands every rank's part of `flat`, laid out as the arena, to all; without, does nothing.
  void gather(const Tensor& flat);
  /// Buckets that were started before the last backward pass was over, in the last step.
  int64_t overlapped() const;

 private:
  class State;
  std::shared_ptr<State> state_;  // hooks of parameters look at it while it lives
};

}  // namespace triad::train
