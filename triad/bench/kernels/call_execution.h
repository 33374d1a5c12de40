// Executions inside this process.
#pragma once

#include <chrono>
#include <functional>
#include <utility>

#include "triad/bench/kernels/provider.h"

namespace triad::bench {

/// Times function objects with `void run()` and `ops::Tensors results() const`, one for each set of inputs. `make(inputs)`
/// makes one of dense inputs. One with `void release()` gives its results back after each call, so that the next finds
/// their memory in the pool, as in training.
template <class Runner>
class CallExecution : public Execution {
 public:
  template <class Make>
  CallExecution(const Problem& problem, int64_t sets, const Make& make) {
    for (int64_t i = 0; i < sets; ++i) {
      ops::Tensors inputs;
      for (const Tensor& t : problem.inputs) inputs.push_back(t.defined() ? clone(t) : t);
      runners_.push_back(make(std::move(inputs)));
    }
  }

  double seconds(int64_t calls) override {
    const auto start = std::chrono::steady_clock::now();
    for (int64_t i = 0; i < calls; ++i) {
      runners_[next_]->run();
      if constexpr (requires(Runner& runner) { runner.release(); }) runners_[next_]->release();
      next_ = (next_ + 1) % runners_.size();
    }
    return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  }
  ops::Tensors results() override {
    runners_.back()->run();
    return runners_.back()->results();
  }

 private:
  std::vector<std::unique_ptr<Runner>> runners_;
  size_t next_ = 0;
};

}  // namespace triad::bench
