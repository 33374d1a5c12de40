#include "triad/core/cpu/gemm.h"
#include "triad/core/cpu/parallel.h"
#include "triad/ops/matmul/activation_math.h"
#include "triad/ops/matmul/linear.h"

namespace triad::ops {
namespace {

constexpr int64_t kCostOfActivation = 8;

void linear_cpu(const LinearForward& args) {
  const Tensor &x = args.x, &weight = args.weight;
  Tensor& z = args.z.defined() ? args.z : args.y;
  cpu::gemm({.dtype = x.dtype(),
             .c_dtype = x.dtype(),
             .rows = x.size(0),
             .columns = weight.size(0),
             .inner = x.size(1),
             .a = {x.raw_data(), x.strides()[0], x.strides()[1]},
             .b = {weight.raw_data(), weight.strides()[1], weight.strides()[0]},
             .c = z.mutable_raw_data(),
             .c_row = weight.size(0),
             .bias = args.bias.defined() ? args.bias.raw_data() : nullptr});
  if (args.activation == Activation::none) return;
  dispatch_floating("linear", x.dtype(), [&]<class T>(std::type_identity<T>) {
    const T* from = z.data<T>();
    T* to = args.y.mutable_data<T>();
    cpu::parallel_for(z.numel(), cpu::chunk_for_cost(kCostOfActivation), [&](int64_t first, int64_t last) {
      for (int64_t i = first; i < last; ++i) to[i] = T(activation_value(args.activation, static_cast<Compute<T>>(from[i])));
    });
  });
}

void activation_backward_cpu(const ActivationBackward& args) {
  dispatch_floating("linear", args.dy.dtype(), [&]<class T>(std::type_identity<T>) {
    using C = Compute<T>;
    const T *saved = args.saved.data<T>(), *dy = args.dy.data<T>();
    T* dz = args.dz.mutable_data<T>();
    cpu::parallel_for(args.dz.numel(), cpu::chunk_for_cost(kCostOfActivation), [&](int64_t first, int64_t last) {
      for (int64_t i = first; i < last; ++i)
        dz[i] = T(static_cast<C>(dy[i]) * activation_slope(args.activation, static_cast<C>(saved[i])));
    });
  });
}

const RegisterKernel registered_forward(linear_forward, DeviceType::cpu, &linear_cpu);
const RegisterKernel registered_backward(activation_backward, DeviceType::cpu, &activation_backward_cpu);

}  // namespace
}  // namespace triad::ops
