#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "triad/ops/softmax/logsumexp_cpu.cpp"
#include <hwy/foreach_target.h>  // IWYU pragma: keep
#include <hwy/highway.h>
// After highway.h: it defines the per-target namespaces the rest is compiled in.
#include "triad/ops/softmax/exponentials-inl.h"
#include "triad/ops/softmax/logsumexp.h"

HWY_BEFORE_NAMESPACE();
namespace triad::ops::HWY_NAMESPACE {

void LogsumexpForwardCpu(const LogsumexpForward& args) {
  const int64_t rows = args.x.size(0), n = args.x.size(1);
  dispatch_floating("logsumexp", args.x.dtype(), [&]<class T>(std::type_identity<T>) {
    using C = Compute<T>;
    const T* x = args.x.data<T>();
    T* y = args.y.mutable_data<T>();
    cpu::parallel_for(rows, cpu::chunk_for_cost(kExponentialCost * n), [&](int64_t first, int64_t last) {
      for (int64_t r = first; r < last; ++r) {
        const C maximum = row_maximum(x + r * n, n), shift = std::isinf(maximum) ? C(0) : maximum;
        y[r] = static_cast<T>(shift + std::log(exponentials<C>(x + r * n, n, shift, nullptr)));
      }
    });
  });
}

/// dx = dy softmax(x). exp(x - y) would be off by the rounding of y: by 1e-3 for an f32 y of 1e4.
void LogsumexpBackwardCpu(const LogsumexpBackward& args) {
  const int64_t rows = args.x.size(0), n = args.x.size(1);
  dispatch_floating("logsumexp", args.x.dtype(), [&]<class T>(std::type_identity<T>) {
    using C = Compute<T>;
    const T *x = args.x.data<T>(), *dy = args.dy.data<T>();
    T* dx = args.dx.mutable_data<T>();
    cpu::parallel_for(rows, cpu::chunk_for_cost(kExponentialCost * n), [&](int64_t first, int64_t last) {
      const vec::Tag<C> d;
      for (int64_t r = first; r < last; ++r) {
        const C maximum = row_maximum(x + r * n, n), shift = std::isinf(maximum) ? C(0) : maximum;
        const C sum = exponentials<C>(x + r * n, n, shift, nullptr);
        const auto scale = hn::Set(d, sum == C(0) ? C(0) : static_cast<C>(dy[r]) / sum);
        const auto shifts = hn::Set(d, shift);
        vec::for_each_vector<C>(n, [&](auto part, int64_t i) {
          part.store(hn::Mul(scale, vec::exp(d, hn::Sub(part.load(x + r * n + i), shifts))), dx + r * n + i);
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

HWY_EXPORT(LogsumexpForwardCpu);
HWY_EXPORT(LogsumexpBackwardCpu);

void forward_cpu(const LogsumexpForward& args) { HWY_DYNAMIC_DISPATCH(LogsumexpForwardCpu)(args); }
void backward_cpu(const LogsumexpBackward& args) { HWY_DYNAMIC_DISPATCH(LogsumexpBackwardCpu)(args); }

const RegisterKernel registered_forward(logsumexp_forward, DeviceType::cpu, &forward_cpu);
const RegisterKernel registered_backward(logsumexp_backward, DeviceType::cpu, &backward_cpu);

}  // namespace
}  // namespace triad::ops
#endif
