// A layer belongs to one thread, so its norms are sums in a fixed order.

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "triad/ops/optimizer/lamb_cpu.cpp"
#include <hwy/foreach_target.h>  // IWYU pragma: keep
#include <hwy/highway.h>
// After highway.h: it defines the per-target namespaces the rest is compiled in.
#include <cmath>

#include "triad/core/cpu/parallel.h"
#include "triad/ops/optimizer/lamb.h"
#include "triad/ops/optimizer/sum_of_squares-inl.h"

HWY_BEFORE_NAMESPACE();
namespace triad::ops::HWY_NAMESPACE {
namespace {

namespace hn = hwy::HWY_NAMESPACE;
namespace vec = triad::cpu::HWY_NAMESPACE;

/// In f64, over pieces short enough for f32.
double norm(const float* x, int64_t n) {
  double total = 0;
  for (int64_t first = 0; first < n; first += kPiece)
    total += sum_of_squares_of_piece(x + first, std::min(kPiece, n - first));
  return std::sqrt(total);
}

void update_layer(const LambUpdate& args, const LambLayer& layer, float* p, const float* g, float* m, float* v,
                  float* r) {
  const LambStep& o = args.options;
  const vec::Tag<float> d;
  const auto set = [&](double value) { return hn::Set(d, static_cast<float>(value)); };
  const double correction1 = 1 - std::pow(o.beta1, o.step), correction2 = 1 - std::pow(o.beta2, o.step);
  const double decay = layer.adapts ? o.weight_decay : 0;
  vec::for_each_vector<float>(layer.count, [&](auto part, int64_t i) {
    const auto gradient = hn::Mul(part.load(g + i), set(o.gradient_scale));
    const auto m_next = hn::MulAdd(part.load(m + i), set(o.beta1), hn::Mul(gradient, set(1 - o.beta1)));
    const auto v_next =
        hn::MulAdd(part.load(v + i), set(o.beta2), hn::Mul(hn::Mul(gradient, gradient), set(1 - o.beta2)));
    const auto root = hn::MulAdd(hn::Sqrt(v_next), set(1 / std::sqrt(correction2)), set(o.eps));
    const auto moved = hn::Div(hn::Mul(m_next, set(1 / correction1)), root);
    part.store(m_next, m + i);
    part.store(v_next, v + i);
    part.store(hn::MulAdd(part.load(p + i), set(decay), moved), r + i);
  });
  double trust = 1;
  if (layer.adapts) {
    const double parameter_norm = norm(p, layer.count), direction_norm = norm(r, layer.count);
    if (parameter_norm > 0 && direction_norm > 0) trust = parameter_norm / direction_norm;
  }
  vec::for_each_vector<float>(layer.count, [&](auto part, int64_t i) {
    part.store(hn::NegMulAdd(part.load(r + i), set(o.lr * trust), part.load(p + i)), p + i);
  });
}

}  // namespace

void LambCpu(const LambUpdate& args) {
  float *p = args.parameters.mutable_data<float>(), *m = args.m.mutable_data<float>(),
        *v = args.v.mutable_data<float>();
  float* r = args.direction.mutable_data<float>();
  const float* g = args.gradients.data<float>();
  cpu::parallel_for(static_cast<int64_t>(args.layers.size()), 1, [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; ++i) {
      const LambLayer& layer = args.layers[static_cast<size_t>(i)];
      const int64_t at = layer.first;
      update_layer(args, layer, p + at, g + at, m + at, v + at, r + at);
    }
  });
}

}  // namespace triad::ops::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace triad::ops {
namespace {

HWY_EXPORT(LambCpu);

void update_cpu(const LambUpdate& args) { HWY_DYNAMIC_DISPATCH(LambCpu)(args); }

const RegisterKernel registered(lamb_update, DeviceType::cpu, &update_cpu);

}  // namespace
}  // namespace triad::ops
#endif
