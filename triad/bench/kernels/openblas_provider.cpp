#include "triad/bench/kernels/call_execution.h"
#include "triad/bench/kernels/providers.h"
#include "triad/core/cpu/blas.h"

namespace triad::bench {
namespace {

using ops::Tensors;

/// y = x Wᵀ + bias: the bias is copied into the rows of y, and the product added to it.
class Linear {
 public:
  explicit Linear(const Tensors& in)
      : x_(in[0]), weight_(in[1]), bias_(in[2]), y_(empty({in[0].size(0), in[1].size(0)})) {}

  void run() {
    const int64_t rows = y_.size(0), columns = y_.size(1), inner = x_.size(1);
    float* y = y_.mutable_data<float>();
    for (int64_t i = 0; bias_.defined() && i < rows; ++i) std::copy_n(bias_.data<float>(), columns, y + i * columns);
    cpu::blas::gemm(rows, columns, inner, cpu::blas::Matrix<float>{x_.data<float>(), inner, 1},
                    cpu::blas::Matrix<float>{weight_.data<float>(), 1, inner}, bias_.defined() ? 1.0f : 0.0f, y,
                    columns);
  }
  Tensors results() const { return {y_}; }

 private:
  Tensor x_, weight_, bias_, y_;
};

class OpenBlas : public Provider {
 public:
  std::string name() const override { return "openblas"; }
  std::unique_ptr<Execution> prepare(const Problem& problem, int64_t sets) override {
    if (problem.kernel.kernel() != "linear.fwd" || problem.kernel.dtype != DType::f32) return nullptr;
    return std::make_unique<CallExecution<Linear>>(
        problem, sets, [](const Tensors& inputs) { return std::make_unique<Linear>(inputs); });
  }
};

}  // namespace

std::unique_ptr<Provider> make_openblas() { return std::make_unique<OpenBlas>(); }

}  // namespace triad::bench
