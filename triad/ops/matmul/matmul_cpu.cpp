#include "triad/core/cpu/gemm.h"
#include "triad/ops/matmul/matmul.h"

namespace triad::ops {
namespace {

Strides batch_strides(const Tensor& t) { return Strides(std::span(t.strides().begin(), t.strides().end() - 2)); }

void matmul_cpu(const MatmulForward& args) {
  const Tensor &a = args.a, &b = args.b;
  Tensor& y = args.y;
  const int rank = y.rank();
  const auto operand = [rank](const Tensor& t) {
    return cpu::GemmOperand{t.raw_data(), t.strides()[rank - 2], t.strides()[rank - 1], batch_strides(t)};
  };
  cpu::gemm({.dtype = y.dtype(),
             .c_dtype = y.dtype(),
             .rows = y.size(-2),
             .columns = y.size(-1),
             .inner = a.size(-1),
             .a = operand(a),
             .b = operand(b),
             .c = y.mutable_raw_data(),
             .c_row = y.size(-1),
             .batch = Shape(std::span(y.shape().begin(), y.shape().end() - 2)),
             .c_batch = batch_strides(y)});
}

const RegisterKernel registered(matmul_forward, DeviceType::cpu, &matmul_cpu);

}  // namespace
}  // namespace triad::ops
