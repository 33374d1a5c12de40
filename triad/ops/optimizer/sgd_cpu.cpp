#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "triad/ops/optimizer/sgd_cpu.cpp"
#include <hwy/foreach_target.h>  // IWYU pragma: keep
#include <hwy/highway.h>
// After highway.h: it defines the per-target namespaces the rest is compiled in.
#include <algorithm>

#include "triad/core/cpu/parallel.h"
#include "triad/core/cpu/vector_row-inl.h"
#include "triad/ops/optimizer/sgd.h"

HWY_BEFORE_NAMESPACE();
namespace triad::ops::HWY_NAMESPACE {

namespace hn = hwy::HWY_NAMESPACE;
namespace vec = triad::cpu::HWY_NAMESPACE;

constexpr int64_t kBlock = 32768;  // elements a thread takes at a time

void SgdCpu(const SgdUpdate& args) {
  const SgdStep& o = args.options;
  const vec::Tag<float> d;
  const auto set = [&](double value) { return hn::Set(d, static_cast<float>(value)); };
  float *p = args.parameters.mutable_data<float>(), *buffer = args.buffer.mutable_data<float>();
  const float* g = args.gradients.data<float>();
  const auto update = [&](int64_t first, int64_t last, double decay) {
    vec::for_each_vector<float>(last - first, [&](auto part, int64_t offset) {
      const int64_t i = first + offset;
      const auto value = part.load(p + i);
      const auto gradient = hn::MulAdd(value, set(decay), hn::Mul(part.load(g + i), set(o.gradient_scale)));
      const auto next = hn::MulAdd(part.load(buffer + i), set(o.momentum), gradient);
      part.store(next, buffer + i);
      const auto direction = o.nesterov ? hn::MulAdd(next, set(o.momentum), gradient) : next;
      part.store(hn::NegMulAdd(direction, set(o.lr), value), p + i);
    });
  };
  cpu::parallel_for(args.parameters.numel(), kBlock, [&](int64_t first, int64_t last) {
    const int64_t border = std::clamp(o.decayed, first, last);
    update(first, border, o.weight_decay);
    update(border, last, 0);
  });
}

}  // namespace triad::ops::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace triad::ops {
namespace {

HWY_EXPORT(SgdCpu);

void update_cpu(const SgdUpdate& args) { HWY_DYNAMIC_DISPATCH(SgdCpu)(args); }

const RegisterKernel registered(sgd_update, DeviceType::cpu, &update_cpu);

}  // namespace
}  // namespace triad::ops
#endif
