#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "triad/ops/softmax/softmax_cpu.cpp"
#include <hwy/foreach_target.h>  // IWYU pragma: keep
#include <hwy/highway.h>
// After highway.h: it defines the per-target namespaces the rest is compiled in.
#include "triad/ops/softmax/exponentials-inl.h"
#include "triad/ops/softmax/softmax.h"

HWY_BEFORE_NAMESPACE();
namespace triad::ops::HWY_NAMESPACE {

void SoftmaxForwardCpu(const SoftmaxForward& args) {
  const int64_t n = args.x.rank() == 0 ? 1 : args.x.size(-1), rows = n == 0 ? 0 : args.x.numel() / n;
  dispatch_floating("softmax", args.x.dtype(), [&]<class T>(std::type_identity<T>) {
    using C = Compute<T>;
    const T* x = args.x.data<T>();
    T* y = args.y.mutable_data<T>();
    cpu::parallel_for(rows, cpu::chunk_for_cost(kExponentialCost * n), [&](int64_t first, int64_t last) {
      // The exponentials wait for their sum in y, or, where y would round them, in a row beside it.
      Tensor wide = std::is_same_v<T, C> ? Tensor() : empty({n}, dtype_of<C>);
      for (int64_t r = first; r < last; ++r) {
        T* out = y + r * n;
        C* terms;
        if constexpr (std::is_same_v<T, C>) terms = out;
        else terms = wide.mutable_data<C>();
        const C sum = exponentials(x + r * n, n, shift_for(row_maximum(x + r * n, n)), terms);
        const auto inverse = hn::Set(vec::Tag<C>(), sum == C(0) ? C(0) : C(1) / sum);
        vec::for_each_vector<C>(
            n, [&](auto part, int64_t i) { part.store(hn::Mul(part.load(terms + i), inverse), out + i); });
      }
    });
  });
}

/// dx = y (dy - sum dy y).
void SoftmaxBackwardCpu(const SoftmaxBackward& args) {
  const int64_t n = args.y.rank() == 0 ? 1 : args.y.size(-1), rows = n == 0 ? 0 : args.y.numel() / n;
  dispatch_floating("softmax", args.y.dtype(), [&]<class T>(std::type_identity<T>) {
    using C = Compute<T>;
    const T *y = args.y.data<T>(), *dy = args.dy.data<T>();
    T* dx = args.dx.mutable_data<T>();
    cpu::parallel_for(rows, cpu::chunk_for_cost(4 * n), [&](int64_t first, int64_t last) {
      for (int64_t start = first * n; start < last * n; start += n) {
        auto dot = hn::Zero(vec::Tag<C>());
        vec::for_each_vector<C>(n, [&](auto part, int64_t i) {
          dot = hn::MulAdd(part.load(y + start + i), part.load(dy + start + i), dot);
        });
        const auto total = hn::Set(vec::Tag<C>(), vec::sum_of_lanes<C>(dot));
        vec::for_each_vector<C>(n, [&](auto part, int64_t i) {
          part.store(hn::Mul(part.load(y + start + i), hn::Sub(part.load(dy + start + i), total)), dx + start + i);
        });
      }
    });
  });
}

}  // namespace triad::ops::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace triad::ops {
namespace {

HWY_EXPORT(SoftmaxForwardCpu);
HWY_EXPORT(SoftmaxBackwardCpu);

void forward_cpu(const SoftmaxForward& args) { HWY_DYNAMIC_DISPATCH(SoftmaxForwardCpu)(args); }
void backward_cpu(const SoftmaxBackward& args) { HWY_DYNAMIC_DISPATCH(SoftmaxBackwardCpu)(args); }

const RegisterKernel registered_forward(softmax_forward, DeviceType::cpu, &forward_cpu);
const RegisterKernel registered_backward(softmax_backward, DeviceType::cpu, &backward_cpu);

}  // namespace
}  // namespace triad::ops
#endif
