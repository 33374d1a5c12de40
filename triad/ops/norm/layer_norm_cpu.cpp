// Layer norm, row by row. Forward: m = mean x; d = x - m; s = mean d (what rounding left of the mean);
//   variance = mean d^2 - s^2;  y = (d - s) rstd w + b.
// Backward, with g = dy w and x^ = (x - mean) rstd:
//   dx = rstd (g - mean g - x^ mean(g x^));  dw = sum dy x^;  db = sum dy,
// the sums over rows taken in blocks of rows whose borders depend on the shape alone.

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "triad/ops/norm/layer_norm_cpu.cpp"
#include <hwy/cache_control.h>
#include <hwy/foreach_target.h>  // IWYU pragma: keep
#include <hwy/highway.h>
// After highway.h: it defines the per-target namespaces the rest is compiled in.
#include <algorithm>
#include <cmath>

#include "triad/core/cpu/parallel.h"
#include "triad/core/cpu/vector_row-inl.h"
#include "triad/core/tensor/optional_argument.h"
#include "triad/ops/norm/layer_norm.h"

HWY_BEFORE_NAMESPACE();
namespace triad::ops::HWY_NAMESPACE {
namespace {

namespace hn = hwy::HWY_NAMESPACE;
namespace vec = triad::cpu::HWY_NAMESPACE;

constexpr int64_t kCost = 8;         // of an element, for chunk_for_cost
constexpr int64_t kMostBlocks = 64;  // of rows, in the backward pass

/// Elements of an optional row, `absent` where there is none.
template <class C, class Part, class T>
HWY_INLINE hn::Vec<vec::Tag<C>> load_or(const Part& part, const T* row, int64_t i, float absent) {
  return row ? part.load(row + i) : hn::Set(vec::Tag<C>(), static_cast<C>(absent));
}

template <class T>
void forward_row(const T* x, const T* weight, const T* bias, int64_t n, double eps, T* y, double& mean_out,
                 Compute<T>& rstd_out) {
  using C = Compute<T>;
  const vec::Tag<C> d;
  const C count = static_cast<C>(n);
  vec::Sums<C> sum, deviations, squares;
  vec::for_each_vector_with_sum<C>(
      n, [&](auto part, int64_t i, int k) { sum.of[k] = hn::Add(sum.of[k], part.load(x + i)); });
  const C mean = sum.total() / count;
  const auto means = hn::Set(d, mean);
  vec::for_each_vector_with_sum<C>(n, [&](auto part, int64_t i, int k) {
    hwy::Prefetch(x + n + i);  // the next row comes from memory while this one is worked on in the cache
    const auto deviation = part.only(hn::Sub(part.load(x + i), means));
    deviations.of[k] = hn::Add(deviations.of[k], deviation);
    squares.of[k] = hn::MulAdd(deviation, deviation, squares.of[k]);
  });
  const C shift = deviations.total() / count;
  const C variance = squares.total() / count - shift * shift;
  const C rstd = C(1) / std::sqrt((variance < C(0) ? C(0) : variance) + static_cast<C>(eps));
  const auto shifts = hn::Set(d, shift), scales = hn::Set(d, rstd);
  vec::for_each_vector<C>(n, [&](auto part, int64_t i) {
    const auto normal = hn::Mul(hn::Sub(hn::Sub(part.load(x + i), means), shifts), scales);
    part.store(hn::MulAdd(normal, load_or<C>(part, weight, i, 1), load_or<C>(part, bias, i, 0)), y + i);
  });
  mean_out = static_cast<double>(mean) + static_cast<double>(shift);
  rstd_out = rstd;
}

template <class T>
void forward(const LayerNormForward& args) {
  const int64_t n = args.x.size(-1), rows = args.mean.numel();
  const T *x = args.x.data<T>(), *weight = data_or_null<T>(args.weight), *bias = data_or_null<T>(args.bias);
  T* y = args.y.mutable_data<T>();
  double* mean = args.mean.mutable_data<double>();
  auto* rstd = args.rstd.mutable_data<Compute<T>>();
  cpu::parallel_for(rows, cpu::chunk_for_cost(kCost * n), [&](int64_t first, int64_t last) {
    for (int64_t r = first; r < last; ++r)
      forward_row(x + r * n, weight, bias, n, args.eps, y + r * n, mean[r], rstd[r]);
  });
}

/// Adds dy x^ and dy to dweight and dbias if those are not null; writes dx if it is not null.
template <class T>
void backward_row(const T* x, const T* weight, const T* dy, int64_t n, double mean, Compute<T> rstd, T* dx,
                  Compute<T>* dweight, Compute<T>* dbias) {
  using C = Compute<T>;
  const vec::Tag<C> d;
  const C mean_high = static_cast<C>(mean);
  const auto high = hn::Set(d, mean_high), low = hn::Set(d, static_cast<C>(mean - static_cast<double>(mean_high)));
  const auto scale = hn::Set(d, rstd);
  const auto normalised = [&](const auto& part, int64_t i) {
    return hn::Mul(hn::Sub(hn::Sub(part.load(x + i), high), low), scale);
  };
  auto sum = hn::Zero(d), dot = hn::Zero(d);
  vec::for_each_vector<C>(n, [&](auto part, int64_t i) {
    hwy::Prefetch(x + n + i);
    hwy::Prefetch(dy + n + i);
    const auto slope = part.load(dy + i);
    const auto normal = part.only(normalised(part, i));
    if (dweight) {
      part.store(hn::MulAdd(slope, normal, part.load(dweight + i)), dweight + i);
      part.store(hn::Add(slope, part.load(dbias + i)), dbias + i);
    }
    const auto g = hn::Mul(slope, load_or<C>(part, weight, i, 1));
    sum = hn::Add(sum, g);
    dot = hn::MulAdd(g, normal, dot);
  });
  if (!dx) return;
  const auto mean_g = hn::Set(d, vec::sum_of_lanes<C>(sum) / static_cast<C>(n));
  const auto mean_dot = hn::Set(d, vec::sum_of_lanes<C>(dot) / static_cast<C>(n));
  vec::for_each_vector<C>(n, [&](auto part, int64_t i) {
    const auto g = hn::Mul(part.load(dy + i), load_or<C>(part, weight, i, 1));
    part.store(hn::Mul(scale, hn::Sub(hn::Sub(g, mean_g), hn::Mul(normalised(part, i), mean_dot))), dx + i);
  });
}

template <class T>
void backward(const LayerNormBackward& args) {
  using C = Compute<T>;
  const int64_t n = args.x.size(-1), rows = args.mean.numel();
  const bool sums_wanted = args.dweight.defined() || args.dbias.defined();
  const int64_t block = std::max({cpu::chunk_for_cost(kCost * n), (rows + kMostBlocks - 1) / kMostBlocks});
  const int64_t blocks = (rows + block - 1) / block;
  Tensor sums = sums_wanted ? zeros({std::max<int64_t>(blocks, 1), 2, n}, dtype_of<C>) : Tensor();
  C* sums_data = sums_wanted ? sums.mutable_data<C>() : nullptr;
  const T *x = args.x.data<T>(), *weight = data_or_null<T>(args.weight), *dy = args.dy.data<T>();
  const double* mean = args.mean.data<double>();
  const C* rstd = args.rstd.data<C>();
  T* dx = args.dx.defined() ? args.dx.mutable_data<T>() : nullptr;
  cpu::parallel_for(rows, block, [&](int64_t first, int64_t last) {
    C* dweight = sums_data ? sums_data + first / block * 2 * n : nullptr;
    for (int64_t r = first; r < last; ++r) {
      backward_row(x + r * n, weight, dy + r * n, n, mean[r], rstd[r], dx ? dx + r * n : nullptr, dweight,
                   dweight ? dweight + n : nullptr);
    }
  });
  for (Tensor* out : {&args.dweight, &args.dbias}) {
    if (!out->defined()) continue;
    T* to = out->template mutable_data<T>();
    const C* from = sums_data + (out == &args.dbias ? n : 0);
    cpu::parallel_for(n, cpu::chunk_for_cost(blocks), [&](int64_t first, int64_t last) {
      vec::for_each_vector<C>(last - first, [&](auto part, int64_t i) {
        auto total = hn::Zero(vec::Tag<C>());
        for (int64_t k = 0; k < blocks; ++k) total = hn::Add(total, part.load(from + k * 2 * n + first + i));
        part.store(total, to + first + i);
      });
    });
  }
}

}  // namespace

void LayerNormForwardCpu(const LayerNormForward& args) {
  dispatch_floating("layer_norm", args.x.dtype(), [&]<class T>(std::type_identity<T>) { forward<T>(args); });
}
void LayerNormBackwardCpu(const LayerNormBackward& args) {
  dispatch_floating("layer_norm", args.x.dtype(), [&]<class T>(std::type_identity<T>) { backward<T>(args); });
}

}  // namespace triad::ops::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace triad::ops {
namespace {

HWY_EXPORT(LayerNormForwardCpu);
HWY_EXPORT(LayerNormBackwardCpu);

void forward_cpu(const LayerNormForward& args) { HWY_DYNAMIC_DISPATCH(LayerNormForwardCpu)(args); }
void backward_cpu(const LayerNormBackward& args) { HWY_DYNAMIC_DISPATCH(LayerNormBackwardCpu)(args); }

const RegisterKernel registered_forward(layer_norm_forward, DeviceType::cpu, &forward_cpu);
const RegisterKernel registered_backward(layer_norm_backward, DeviceType::cpu, &backward_cpu);

}  // namespace
}  // namespace triad::ops
#endif
