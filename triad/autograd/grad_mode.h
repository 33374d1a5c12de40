// Switching the tape off, for this thread.
#pragma once

#include <cstdint>
#include <memory>
#include <utility>
#include <vector>

namespace triad {

class Storage;
class Tensor;

/// True unless a NoGrad guard is alive in this thread, or the engine is running derivatives.
bool grad_enabled();

/// What a function has used.
struct NotedTensors {
  std::vector<Tensor> wanting_gradient;  ///< each once
  /// Every storage that was read, with its version then; not kept alive, so that intermediate results end as they would.
  std::vector<std::pair<std::weak_ptr<Storage>, uint64_t>> read;
};

/// What ops of a thread do with the tape: record, nothing, or note the tensors they would have been recorded with.
struct GradMode {
  bool enabled = true;
  NotedTensors* noted = nullptr;
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

/// While alive, ops of this thread record nothing and note the tensors that take part in them: what a function uses of the
/// tape and the data around it. recompute() asks this of the function it runs.
class NoteTensors : public ScopedGradMode {
 public:
  explicit NoteTensors(NotedTensors& noted) : ScopedGradMode({.enabled = false, .noted = &noted}) {}
};

}  // namespace triad
