#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "triad/ops/optimizer/adamw_cpu.cpp"
#include <hwy/foreach_target.h>  // IWYU pragma: keep
#include <hwy/highway.h>
// After highway.h: it defines the per-target namespaces the rest is compiled in.
#include <algorithm>
#include <cmath>

#include "triad/core/cpu/parallel.h"
#include "triad/core/cpu/vector_row-inl.h"
#include "triad/ops/optimizer/adamw.h"

HWY_BEFORE_NAMESPACE();
namespace triad::ops::HWY_NAMESPACE {

namespace hn = hwy::HWY_NAMESPACE;
namespace vec = triad::cpu::HWY_NAMESPACE;

constexpr int64_t kBlock = 32768;  // elements a thread takes at a time

void AdamWCpu(const AdamWUpdate& args) {
  const AdamWStep& o = args.options;
  const vec::Tag<float> d;
  const auto set = [&](double value) { return hn::Set(d, static_cast<float>(value)); };
  const double correction1 = 1 - std::pow(o.beta1, o.step), correction2 = 1 - std::pow(o.beta2, o.step);
  float *p = args.parameters.mutable_data<float>(), *m = args.m.mutable_data<float>(),
        *v = args.v.mutable_data<float>();
  const float* g = args.gradients.data<float>();
  const auto update = [&](int64_t first, int64_t last, double keep) {
    vec::for_each_vector<float>(last - first, [&](auto part, int64_t offset) {
      const int64_t i = first + offset;
      const auto gradient = hn::Mul(part.load(g + i), set(o.gradient_scale));
      const auto m_next = hn::MulAdd(part.load(m + i), set(o.beta1), hn::Mul(gradient, set(1 - o.beta1)));
      const auto v_next =
          hn::MulAdd(part.load(v + i), set(o.beta2), hn::Mul(hn::Mul(gradient, gradient), set(1 - o.beta2)));
      const auto root = hn::MulAdd(hn::Sqrt(v_next), set(1 / std::sqrt(correction2)), set(o.eps));
      const auto moved = hn::Div(hn::Mul(m_next, set(o.lr / correction1)), root);
      part.store(hn::MulSub(part.load(p + i), set(keep), moved), p + i);
      part.store(m_next, m + i);
      part.store(v_next, v + i);
    });
  };
  cpu::parallel_for(args.parameters.numel(), kBlock, [&](int64_t first, int64_t last) {
    const int64_t border = std::clamp(o.decayed, first, last);
    update(first, border, 1 - o.lr * o.weight_decay);
    update(border, last, 1);
  });
}

}  // namespace triad::ops::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace triad::ops {
namespace {

HWY_EXPORT(AdamWCpu);

void update_cpu(const AdamWUpdate& args) { HWY_DYNAMIC_DISPATCH(AdamWCpu)(args); }

const RegisterKernel registered(adamw_update, DeviceType::cpu, &update_cpu);

}  // namespace
}  // namespace triad::ops
#endif
