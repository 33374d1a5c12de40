// Switching the tape off, for this thread.
#pragma once

#include <vector>

namespace triad {

class Tensor;

/// True unless a NoGrad guard is alive in this thread, or the engine is running derivatives.
bool grad_enabled();

/// What ops of a thread do with the tape: record, nothing, or note the tensors they would have been recorded with.
struct GradMode {
  bool enabled = true;
  std::vector<Tensor>* noted = nullptr;
};
GradMode& grad_mode();

/// Another mode while alive.
class ScopedGradMode {
 public:
  explicit ScopedGradMode(const GradMode& mode) : before_(grad_mode()) { grad_mode() = mode; }
  ~ScopedGradMode() { grad_mode() = before_; }
  ScopedGradMode(const ScopedGradMode&) = delete;
  ScopedGradMode& operator=(const ScopedGradMode&) = delete;

 private:
  GradMode before_;
};

/// While alive, ops of this thread record nothing.
class NoGrad : public ScopedGradMode {
 public:
  NoGrad() : ScopedGradMode({.enabled = false}) {}
};

/// While alive, ops of this thread record again; recompute() uses it inside the backward pass.
class EnableGrad : public ScopedGradMode {
 public:
  EnableGrad() : ScopedGradMode({.enabled = true}) {}
};

/// While alive, ops of this thread record nothing, and every tensor that requires a gradient and takes part in one is
/// added to `tensors`, once: what a function uses of the tape around it. recompute() asks this of the function it runs.
class NoteGradients : public ScopedGradMode {
 public:
  explicit NoteGradients(std::vector<Tensor>& tensors) : ScopedGradMode({.enabled = false, .noted = &tensors}) {}
};

}  // namespace triad
