// Group norm of [B, C, S]; the arithmetic is that of layer norm (layer_norm_cpu.cpp), over the visible elements of a
// group. Sums of a channel row are taken in the compute type, those over rows in f64.

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "triad/ops/norm/group_norm_cpu.cpp"
#include <hwy/foreach_target.h>  // IWYU pragma: keep
#include <hwy/highway.h>
// After highway.h: it defines the per-target namespaces the rest is compiled in.
#include <cmath>

#include "triad/core/cpu/vector_row-inl.h"
#include "triad/core/tensor/optional_argument.h"
#include "triad/ops/norm/group_norm.h"

HWY_BEFORE_NAMESPACE();
namespace triad::ops::HWY_NAMESPACE {
namespace {

namespace hn = hwy::HWY_NAMESPACE;
namespace vec = triad::cpu::HWY_NAMESPACE;

constexpr int64_t kCost = 8;  // of an element, for chunk_for_cost

/// v where the row is visible, else 0. Positions beyond the row are hidden. A null mask hides nothing.
template <class C, class Part>
HWY_INLINE hn::Vec<vec::Tag<C>> visible(const Part& part, const C* mask, int64_t i, hn::Vec<vec::Tag<C>> v) {
  if (!mask) return part.only(v);
  return hn::IfThenZeroElse(hn::Eq(part.load(mask + i), hn::Zero(vec::Tag<C>())), v);
}

struct Extents {
  int64_t batch, channels, positions, groups;

  explicit Extents(const Tensor& x, const Tensor& mean)
      : batch(x.size(0)), channels(x.size(1)), positions(x.size(2)), groups(mean.size(1)) {}
  int64_t width() const { return channels / groups; }
  int64_t tasks() const { return batch * groups; }
  int64_t chunk() const { return cpu::chunk_for_cost(kCost * width() * positions); }

  template <class C>
  const C* mask_of(const Tensor& mask, int64_t task) const {
    return mask.defined() ? mask.data<C>() + task / groups * positions : nullptr;
  }
  template <class C>
  double count(const C* mask) const {
    if (!mask) return static_cast<double>(width() * positions);
    double visible_positions = 0;
    for (int64_t s = 0; s < positions; ++s) visible_positions += static_cast<double>(mask[s]);
    return visible_positions * static_cast<double>(width());
  }
};

template <class T>
Compute<T> optional_at(const T* values, int64_t i, float absent) {
  return values ? static_cast<Compute<T>>(values[i]) : static_cast<Compute<T>>(absent);
}

template <class T>
void forward(const GroupNormForward& args) {
  using C = Compute<T>;
  const vec::Tag<C> d;
  const Extents e(args.x, args.mean);
  const int64_t n = e.positions;
  const T *x = args.x.data<T>(), *weight = data_or_null<T>(args.weight), *bias = data_or_null<T>(args.bias);
  T* y = args.y.mutable_data<T>();
  double* means = args.mean.mutable_data<double>();
  C* rstds = args.rstd.mutable_data<C>();
  cpu::parallel_for(e.tasks(), e.chunk(), [&](int64_t first, int64_t last) {
    for (int64_t task = first; task < last; ++task) {
      const C* mask = e.mask_of<C>(args.mask, task);
      const double count = e.count(mask);
      const int64_t first_row = task * e.width(), last_row = first_row + e.width();
      double sum = 0, squares = 0;
      for (int64_t row = first_row; row < last_row; ++row) {
        auto row_sum = hn::Zero(d);
        vec::for_each_vector<C>(n, [&](auto part, int64_t i) {
          row_sum = hn::Add(row_sum, visible<C>(part, mask, i, part.load(x + row * n + i)));
        });
        sum += static_cast<double>(vec::sum_of_lanes<C>(row_sum));
      }
      const C rough = static_cast<C>(count > 0 ? sum / count : 0);
      const auto roughs = hn::Set(d, rough);
      sum = 0;
      for (int64_t row = first_row; row < last_row; ++row) {
        auto row_sum = hn::Zero(d), row_squares = hn::Zero(d);
        vec::for_each_vector<C>(n, [&](auto part, int64_t i) {
          const auto deviation = visible<C>(part, mask, i, hn::Sub(part.load(x + row * n + i), roughs));
          row_sum = hn::Add(row_sum, deviation);
          row_squares = hn::MulAdd(deviation, deviation, row_squares);
        });
        sum += static_cast<double>(vec::sum_of_lanes<C>(row_sum));
        squares += static_cast<double>(vec::sum_of_lanes<C>(row_squares));
      }
      const double shift = count > 0 ? sum / count : 0;
      const double variance = count > 0 ? squares / count - shift * shift : 0;
      const double rstd = count > 0 ? 1 / std::sqrt((variance < 0 ? 0 : variance) + args.eps) : 0;
      const auto shifts = hn::Set(d, static_cast<C>(shift)), scales = hn::Set(d, static_cast<C>(rstd));
      for (int64_t row = first_row; row < last_row; ++row) {
        const auto w = hn::Set(d, optional_at(weight, row % e.channels, 1));
        const auto b = hn::Set(d, optional_at(bias, row % e.channels, 0));
        vec::for_each_vector<C>(n, [&](auto part, int64_t i) {
          const auto normal = hn::Mul(hn::Sub(hn::Sub(part.load(x + row * n + i), roughs), shifts), scales);
          part.store(visible<C>(part, mask, i, hn::MulAdd(normal, w, b)), y + row * n + i);
        });
      }
      means[task] = static_cast<double>(rough) + shift;
      rstds[task] = static_cast<C>(rstd);
    }
  });
}

/// Sums of dy and of dy x^ over each row go to row_sums [B, C, 2]; the sums of the group follow from them.
template <class T>
void backward_group(const GroupNormBackward& args, const Extents& e, int64_t task, T* dx, double* row_sums) {
  using C = Compute<T>;
  const vec::Tag<C> d;
  const int64_t n = e.positions, first_row = task * e.width(), last_row = first_row + e.width();
  const T *x = args.x.data<T>(), *dy = args.dy.data<T>(), *weight = data_or_null<T>(args.weight);
  const C* mask = e.mask_of<C>(args.mask, task);
  const double mean = args.mean.data<double>()[task], count = e.count(mask);
  const C mean_high = static_cast<C>(mean);
  const auto high = hn::Set(d, mean_high), low = hn::Set(d, static_cast<C>(mean - static_cast<double>(mean_high)));
  const auto scale = hn::Set(d, args.rstd.data<C>()[task]);
  const auto normalised = [&](const auto& part, int64_t at) {
    return hn::Mul(hn::Sub(hn::Sub(part.load(x + at), high), low), scale);
  };
  double sum = 0, dot = 0;
  for (int64_t row = first_row; row < last_row; ++row) {
    auto row_sum = hn::Zero(d), row_dot = hn::Zero(d);
    vec::for_each_vector<C>(n, [&](auto part, int64_t i) {
      const auto slope = visible<C>(part, mask, i, part.load(dy + row * n + i));
      const auto normal = visible<C>(part, mask, i, normalised(part, row * n + i));
      row_sum = hn::Add(row_sum, slope);
      row_dot = hn::MulAdd(slope, normal, row_dot);
    });
    row_sums[2 * row] = static_cast<double>(vec::sum_of_lanes<C>(row_sum));
    row_sums[2 * row + 1] = static_cast<double>(vec::sum_of_lanes<C>(row_dot));
    const auto w = static_cast<double>(optional_at(weight, row % e.channels, 1));
    sum += w * row_sums[2 * row];
    dot += w * row_sums[2 * row + 1];
  }
  const auto mean_g = hn::Set(d, static_cast<C>(count > 0 ? sum / count : 0));
  const auto mean_dot = hn::Set(d, static_cast<C>(count > 0 ? dot / count : 0));
  for (int64_t row = first_row; row < last_row; ++row) {
    const auto w = hn::Set(d, optional_at(weight, row % e.channels, 1));
    vec::for_each_vector<C>(n, [&](auto part, int64_t i) {
      const auto g = hn::Mul(part.load(dy + row * n + i), w);
      const auto centred = hn::Sub(hn::Sub(g, mean_g), hn::Mul(normalised(part, row * n + i), mean_dot));
      part.store(visible<C>(part, mask, i, hn::Mul(scale, centred)), dx + row * n + i);
    });
  }
}

template <class T>
void backward(const GroupNormBackward& args) {
  const Extents e(args.x, args.mean);
  Tensor sums = empty({e.batch, e.channels, 2}, DType::f64);
  double* row_sums = sums.mutable_data<double>();
  T* dx = args.dx.mutable_data<T>();
  cpu::parallel_for(e.tasks(), e.chunk(), [&](int64_t first, int64_t last) {
    for (int64_t task = first; task < last; ++task) backward_group(args, e, task, dx, row_sums);
  });
  for (Tensor* out : {&args.dweight, &args.dbias}) {
    if (!out->defined()) continue;
    T* to = out->template mutable_data<T>();
    const int64_t which = out == &args.dweight ? 1 : 0;
    for (int64_t c = 0; c < e.channels; ++c) {
      double total = 0;
      for (int64_t b = 0; b < e.batch; ++b) total += row_sums[2 * (b * e.channels + c) + which];
      to[c] = static_cast<T>(static_cast<Compute<T>>(total));
    }
  }
}

}  // namespace

void GroupNormForwardCpu(const GroupNormForward& args) {
  dispatch_floating("group_norm", args.x.dtype(), [&]<class T>(std::type_identity<T>) { forward<T>(args); });
}
void GroupNormBackwardCpu(const GroupNormBackward& args) {
  dispatch_floating("group_norm", args.x.dtype(), [&]<class T>(std::type_identity<T>) { backward<T>(args); });
}

}  // namespace triad::ops::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace triad::ops {
namespace {

HWY_EXPORT(GroupNormForwardCpu);
HWY_EXPORT(GroupNormBackwardCpu);

void forward_cpu(const GroupNormForward& args) { HWY_DYNAMIC_DISPATCH(GroupNormForwardCpu)(args); }
void backward_cpu(const GroupNormBackward& args) { HWY_DYNAMIC_DISPATCH(GroupNormBackwardCpu)(args); }

const RegisterKernel registered_forward(group_norm_forward, DeviceType::cpu, &forward_cpu);
const RegisterKernel registered_backward(group_norm_backward, DeviceType::cpu, &backward_cpu);

}  // namespace
}  // namespace triad::ops
#endif
