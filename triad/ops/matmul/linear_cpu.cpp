#include "triad/core/cpu/gemm.h"
#include "triad/ops/matmul/linear.h"

namespace triad::ops {
namespace {

void linear_cpu(const LinearForward& args) {
  const Tensor &x = args.x, &weight = args.weight;
  cpu::gemm({.dtype = x.dtype(),
             .c_dtype = x.dtype(),
             .rows = x.size(0),
             .columns = weight.size(0),
             .inner = x.size(1),
             .a = {x.raw_data(), x.strides()[0], x.strides()[1]},
             .b = {weight.raw_data(), weight.strides()[1], weight.strides()[0]},
             .c = args.y.mutable_raw_data(),
             .c_row = weight.size(0),
             .bias = args.bias.defined() ? args.bias.raw_data() : nullptr});
}

const RegisterKernel registered(linear_forward, DeviceType::cpu, &linear_cpu);

}  // namespace
}  // namespace triad::ops
