#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "triad/ops/softmax/log_softmax_cpu.cpp"
#include <hwy/foreach_target.h>  // IWYU pragma: keep
#include <hwy/highway.h>
// After highway.h: it defines the per-target namespaces the rest is compiled in.
#include "triad/ops/softmax/exponentials-inl.h"
#include "triad/ops/softmax/log_softmax.h"

HWY_BEFORE_NAMESPACE();
namespace triad::ops::HWY_NAMESPACE {

void LogSoftmaxForwardCpu(const LogSoftmaxForward& args) {
  const int64_t n = args.x.rank() == 0 ? 1 : args.x.size(-1), rows = n == 0 ? 0 : args.x.numel() / n;
  dispatch_floating("log_softmax", args.x.dtype(), [&]<class T>(std::type_identity<T>) {
    using C = Compute<T>;
    const T* x = args.x.data<T>();
    T* y = args.y.mutable_data<T>();
    cpu::parallel_for(rows, cpu::chunk_for_cost(kExponentialCost * n), [&](int64_t first, int64_t last) {
      for (int64_t start = first * n; start < last * n; start += n) {
        const C shift = shift_for(row_maximum(x + start, n));
        const C sum = exponentials<C>(x + start, n, shift, nullptr);
        // Two subtractions: shift + log(sum) would lose log(sum) beside a large shift. A row of -inf is its own result.
        const auto shifts = hn::Set(vec::Tag<C>(), shift),
                   logs = hn::Set(vec::Tag<C>(), sum == C(0) ? C(0) : std::log(sum));
        vec::for_each_vector<C>(n, [&](auto part, int64_t i) {
          part.store(hn::Sub(hn::Sub(part.load(x + start + i), shifts), logs), y + start + i);
        });
      }
    });
  });
}

/// dx = dy - exp(y) sum dy.
void LogSoftmaxBackwardCpu(const LogSoftmaxBackward& args) {
  const int64_t n = args.y.rank() == 0 ? 1 : args.y.size(-1), rows = n == 0 ? 0 : args.y.numel() / n;
  dispatch_floating("log_softmax", args.y.dtype(), [&]<class T>(std::type_identity<T>) {
    using C = Compute<T>;
    const T *y = args.y.data<T>(), *dy = args.dy.data<T>();
    T* dx = args.dx.mutable_data<T>();
    cpu::parallel_for(rows, cpu::chunk_for_cost(kExponentialCost * n), [&](int64_t first, int64_t last) {
      const vec::Tag<C> d;
      for (int64_t start = first * n; start < last * n; start += n) {
        auto sum = hn::Zero(d);
        vec::for_each_vector<C>(n, [&](auto part, int64_t i) { sum = hn::Add(sum, part.load(dy + start + i)); });
        const auto total = hn::Set(d, vec::sum_of_lanes<C>(sum));
        vec::for_each_vector<C>(n, [&](auto part, int64_t i) {
          const auto probability = vec::exp(d, part.load(y + start + i));
          part.store(hn::NegMulAdd(probability, total, part.load(dy + start + i)), dx + start + i);
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

HWY_EXPORT(LogSoftmaxForwardCpu);
HWY_EXPORT(LogSoftmaxBackwardCpu);

void forward_cpu(const LogSoftmaxForward& args) { HWY_DYNAMIC_DISPATCH(LogSoftmaxForwardCpu)(args); }
void backward_cpu(const LogSoftmaxBackward& args) { HWY_DYNAMIC_DISPATCH(LogSoftmaxBackwardCpu)(args); }

const RegisterKernel registered_forward(log_softmax_forward, DeviceType::cpu, &forward_cpu);
const RegisterKernel registered_backward(log_softmax_backward, DeviceType::cpu, &backward_cpu);

}  // namespace
}  // namespace triad::ops
#endif
