#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "triad/ops/activation/silu_cpu.cpp"
#include <hwy/foreach_target.h>  // IWYU pragma: keep
#include <hwy/highway.h>
// After highway.h: it defines the per-target namespaces the rest is compiled in.
#include "triad/core/cpu/vector_math-inl.h"
#include "triad/core/cpu/vector_row-inl.h"
#include "triad/ops/activation/silu.h"

HWY_BEFORE_NAMESPACE();
namespace triad::ops::HWY_NAMESPACE {

namespace hn = hwy::HWY_NAMESPACE;
namespace vec = triad::cpu::HWY_NAMESPACE;

namespace {
constexpr int64_t kCost = 3;
}  // namespace

void SiluForwardCpu(const SiluForward& args) {
  dispatch_floating("silu", args.x.dtype(), [&]<class T>(std::type_identity<T>) {
    const vec::Tag<Compute<T>> d;
    vec::map_vectors(
        args.x.numel(), kCost, [=](auto x) { return hn::Mul(x, vec::sigmoid(d, x)); }, args.y.mutable_data<T>(),
        args.x.data<T>());
  });
}

/// d(x s)/dx = s + x s (1 - s) = s (1 + x (1 - s)), with s = sigmoid(x).
void SiluBackwardCpu(const SiluBackward& args) {
  dispatch_floating("silu", args.x.dtype(), [&]<class T>(std::type_identity<T>) {
    const vec::Tag<Compute<T>> d;
    const auto slope_times = [=](auto x, auto dy) {
      const auto one = hn::Set(d, Compute<T>(1));
      const auto s = vec::sigmoid(d, x);
      return hn::Mul(dy, hn::Mul(s, hn::MulAdd(x, hn::Sub(one, s), one)));
    };
    vec::map_vectors(args.x.numel(), kCost, slope_times, args.dx.mutable_data<T>(), args.x.data<T>(),
                     args.dy.data<T>());
  });
}

}  // namespace triad::ops::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace triad::ops {
namespace {

HWY_EXPORT(SiluForwardCpu);
HWY_EXPORT(SiluBackwardCpu);

void forward_cpu(const SiluForward& args) { HWY_DYNAMIC_DISPATCH(SiluForwardCpu)(args); }
void backward_cpu(const SiluBackward& args) { HWY_DYNAMIC_DISPATCH(SiluBackwardCpu)(args); }

const RegisterKernel registered_forward(silu_forward, DeviceType::cpu, &forward_cpu);
const RegisterKernel registered_backward(silu_backward, DeviceType::cpu, &backward_cpu);

}  // namespace
}  // namespace triad::ops
#endif
