// Switching the tape off, for this thread.
#pragma once

#include <utility>

namespace triad {

/// True unless a NoGrad guard is alive in this thread, or the engine is running derivatives.
bool grad_enabled();

/// While alive, ops of this thread record nothing.
class NoGrad {
 public:
  NoGrad();
  ~NoGrad();
  NoGrad(const NoGrad&) = delete;
  NoGrad& operator=(const NoGrad&) = delete;

 private:
  bool before_;
};

/// While alive, ops of this thread record again; recompute() uses it inside the backward pass.
class EnableGrad {
 public:
  EnableGrad();
  ~EnableGrad();
  EnableGrad(const EnableGrad&) = delete;
  EnableGrad& operator=(const EnableGrad&) = delete;

 private:
  bool before_;
};

}  // namespace triad
