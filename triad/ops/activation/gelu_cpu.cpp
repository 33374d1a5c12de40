#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "triad/ops/activation/gelu_cpu.cpp"
#include <hwy/foreach_target.h>  // IWYU pragma: keep
#include <hwy/highway.h>
// After highway.h: it defines the per-target namespaces the rest is compiled in.
#include <cmath>
#include <numbers>

#include "triad/core/cpu/vector_math-inl.h"
#include "triad/core/cpu/vector_row-inl.h"
#include "triad/ops/activation/gelu.h"

HWY_BEFORE_NAMESPACE();
namespace triad::ops::HWY_NAMESPACE {
namespace {

namespace hn = hwy::HWY_NAMESPACE;
namespace vec = triad::cpu::HWY_NAMESPACE;

constexpr int64_t kCost = 4;

/// T: what is stored.
template <class T>
struct ErfForm {
  template <class D>
  static HWY_INLINE auto normal(D d, hn::Vec<D> x) {
    if constexpr (std::is_same_v<T, BFloat16>) return vec::coarse_normal(d, x);
    else return vec::normal(d, x);
  }
  template <class D, class V>
  HWY_INLINE V value(D d, V x) const {
    return hn::Mul(x, normal(d, x).cumulative);
  }
  /// d(x P(x))/dx = P(x) + x p(x).
  template <class D, class V>
  HWY_INLINE V slope(D d, V x) const {
    const auto at_x = normal(d, x);
    return hn::MulAdd(x, at_x.density, at_x.cumulative);
  }
};

/// With u = 2 sqrt(2/pi) (x + 0.044715 x^3): (1 + tanh(u/2))/2 = sigmoid(u).
struct TanhForm {
  static constexpr double kLinear = 2 * std::numbers::sqrt2 * std::numbers::inv_sqrtpi, kCubic = 0.044715 * kLinear;

  template <class D>
  static HWY_INLINE hn::Vec<D> constant(D d, double value) {
    return hn::Set(d, static_cast<hn::TFromD<D>>(value));
  }
  template <class D, class V>
  HWY_INLINE V gate(D d, V x) const {
    return vec::sigmoid(d, hn::Mul(x, hn::MulAdd(hn::Mul(x, x), constant(d, kCubic), constant(d, kLinear))));
  }
  template <class D, class V>
  HWY_INLINE V value(D d, V x) const {
    return hn::Mul(x, gate(d, x));
  }
  /// s + x s (1 - s) du/dx, multiplied so that a finite x gives no 0 * inf.
  template <class D, class V>
  HWY_INLINE V slope(D d, V x) const {
    const auto s = gate(d, x);
    const auto rise = hn::Mul(s, hn::Sub(constant(d, 1), s));
    const auto du = hn::MulAdd(hn::Mul(x, x), constant(d, 3 * kCubic), constant(d, kLinear));
    return hn::MulAdd(hn::Mul(x, rise), du, s);
  }
};

template <class T, class Visitor>
void with_form(GeluForm form, const Visitor& visitor) {
  if (form == GeluForm::erf) visitor(ErfForm<T>());
  else visitor(TanhForm());
}

}  // namespace

void GeluForwardCpu(const GeluForward& args) {
  dispatch_floating("gelu", args.x.dtype(), [&]<class T>(std::type_identity<T>) {
    with_form<T>(args.form, [&](auto form) {
      const vec::Tag<Compute<T>> d;
      vec::map_vectors(
          args.x.numel(), kCost, [=](auto x) { return form.value(d, x); }, args.y.mutable_data<T>(), args.x.data<T>());
    });
  });
}

void GeluBackwardCpu(const GeluBackward& args) {
  dispatch_floating("gelu", args.x.dtype(), [&]<class T>(std::type_identity<T>) {
    with_form<T>(args.form, [&](auto form) {
      const vec::Tag<Compute<T>> d;
      vec::map_vectors(
          args.x.numel(), kCost, [=](auto x, auto dy) { return hn::Mul(dy, form.slope(d, x)); },
          args.dx.mutable_data<T>(), args.x.data<T>(), args.dy.data<T>());
    });
  });
}

}  // namespace triad::ops::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace triad::ops {
namespace {

HWY_EXPORT(GeluForwardCpu);
HWY_EXPORT(GeluBackwardCpu);

void forward_cpu(const GeluForward& args) { HWY_DYNAMIC_DISPATCH(GeluForwardCpu)(args); }
void backward_cpu(const GeluBackward& args) { HWY_DYNAMIC_DISPATCH(GeluBackwardCpu)(args); }

const RegisterKernel registered_forward(gelu_forward, DeviceType::cpu, &forward_cpu);
const RegisterKernel registered_backward(gelu_backward, DeviceType::cpu, &backward_cpu);

}  // namespace
}  // namespace triad::ops
#endif
