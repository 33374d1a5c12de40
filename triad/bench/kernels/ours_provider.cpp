#include "triad/bench/kernels/call_execution.h"
#include "triad/bench/kernels/providers.h"

namespace triad::bench {
namespace {

class Ours : public Provider {
 public:
  std::string name() const override { return "ours"; }
  std::unique_ptr<Execution> prepare(const Problem& problem, int64_t sets) override {
    return std::make_unique<CallExecution<Call>>(
        problem, sets, [&](const ops::Tensors& inputs) { return std::make_unique<Call>(problem, inputs); });
  }
};

}  // namespace

std::unique_ptr<Provider> make_ours() { return std::make_unique<Ours>(); }

}  // namespace triad::bench
