#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "triad/ops/loss/cross_entropy_cpu.cpp"
#include <hwy/foreach_target.h>  // IWYU pragma: keep
#include <hwy/highway.h>
// After highway.h: it defines the per-target namespaces the rest is compiled in.
#include <algorithm>
#include <cmath>

#include "triad/ops/loss/cross_entropy.h"
#include "triad/ops/softmax/exponentials-inl.h"

HWY_BEFORE_NAMESPACE();
namespace triad::ops::HWY_NAMESPACE {
namespace {

void check_labels(const CrossEntropyForward& args) {
  const int64_t classes = args.logits.size(-1), *labels = args.targets.data<int64_t>();
  for (int64_t row = 0; row < args.targets.numel(); ++row) {
    const int64_t label = labels[row];
    if (label == args.options.ignore_index || (label >= 0 && label < classes)) continue;
    Shape place = args.targets.shape();
    int64_t rest = row;
    for (int axis = place.rank() - 1; axis >= 0; --axis) {
      const int64_t extent = place[axis];
      place[axis] = rest % extent;
      rest /= extent;
    }
    constexpr std::string_view op = "cross_entropy";
    require<ValueError>(classes > 0, op, "label ", label, " at ", place, " of targets, but logits ",
                        args.logits.shape(), " has no classes");
    fail<ValueError>(op, "label ", label, " at ", place, " of targets, expected 0 to ", classes - 1,
                     " or the ignore_index ", args.options.ignore_index);
  }
}

/// Loss and log sum exp of one row. All terms are differences to the shift, which cancels.
template <class T>
Compute<T> row_loss(const T* x, int64_t n, int64_t label, double smoothing, double& lse) {
  using C = Compute<T>;
  const vec::Tag<C> d;
  const C shift = shift_for(row_maximum(x, n));
  const C log_sum = std::log(exponentials<C>(x, n, shift, nullptr));
  lse = static_cast<double>(shift) + static_cast<double>(log_sum);
  const C hit = static_cast<C>(x[label]) - shift;
  if (smoothing == 0) return log_sum - hit;
  auto sum = hn::Zero(d);
  const auto shifts = hn::Set(d, shift);
  vec::for_each_vector<C>(
      n, [&](auto part, int64_t i) { sum = hn::Add(sum, part.only(hn::Sub(part.load(x + i), shifts))); });
  const C everywhere = vec::sum_of_lanes<C>(sum) / static_cast<C>(n), s = static_cast<C>(smoothing);
  return smoothing == 1 ? log_sum - everywhere : log_sum - (C(1) - s) * hit - s * everywhere;
}

/// dx = slope (exp(x - lse) - target).
template <class T>
void row_gradient(const T* x, int64_t n, int64_t label, double smoothing, double lse, Compute<T> slope, T* dx) {
  using C = Compute<T>;
  const vec::Tag<C> d;
  const C high = static_cast<C>(lse), low = std::isfinite(lse) ? static_cast<C>(lse - static_cast<double>(high)) : C(0);
  const C everywhere = static_cast<C>(smoothing / static_cast<double>(n)), hit = static_cast<C>(1 - smoothing);
  const auto highs = hn::Set(d, high), lows = hn::Set(d, low), slopes = hn::Set(d, slope);
  const auto base = hn::Set(d, everywhere);
  vec::for_each_vector<C>(n, [&](auto part, int64_t i) {
    const auto probability = vec::exp(d, hn::Sub(hn::Sub(part.load(x + i), highs), lows));
    part.store(hn::Mul(slopes, hn::Sub(probability, base)), dx + i);
  });
  // expm1: a probability near 1 minus 1 keeps its digits.
  dx[label] = static_cast<T>(slope * (std::expm1((static_cast<C>(x[label]) - high) - low) + (C(1) - hit) - everywhere));
}

}  // namespace

void CrossEntropyForwardCpu(const CrossEntropyForward& args) {
  check_labels(args);
  const int64_t n = args.logits.size(-1), rows = args.targets.numel();
  const int64_t* labels = args.targets.data<int64_t>();
  const CrossEntropyOptions& options = args.options;
  double* lse = args.lse.mutable_data<double>();
  dispatch_floating("cross_entropy", args.logits.dtype(), [&]<class T>(std::type_identity<T>) {
    using C = Compute<T>;
    const T* x = args.logits.data<T>();
    Tensor losses = options.reduction == Reduction::none ? args.loss : empty({rows}, dtype_of<C>);
    C* loss = losses.mutable_data<C>();
    cpu::parallel_for(rows, cpu::chunk_for_cost(kExponentialCost * n), [&](int64_t first, int64_t last) {
      for (int64_t r = first; r < last; ++r) {
        const bool ignored = labels[r] == options.ignore_index;
        lse[r] = 0;
        loss[r] = ignored ? C(0) : row_loss(x + r * n, n, labels[r], options.label_smoothing, lse[r]);
      }
    });
    double total = 0, count = 0;
    for (int64_t r = 0; r < rows; ++r) {
      total += static_cast<double>(loss[r]);
      count += labels[r] != options.ignore_index;
    }
    *args.count.mutable_data<double>() = count;
    if (options.reduction == Reduction::mean) total /= std::max(count, 1.0);
    if (options.reduction != Reduction::none) *args.loss.mutable_data<C>() = static_cast<C>(total);
  });
}

void CrossEntropyBackwardCpu(const CrossEntropyBackward& args) {
  const int64_t n = args.logits.size(-1), rows = args.targets.numel();
  const int64_t* labels = args.targets.data<int64_t>();
  const CrossEntropyOptions& options = args.options;
  const double *lse = args.lse.data<double>(), count = std::max(*args.count.data<double>(), 1.0);
  dispatch_floating("cross_entropy", args.logits.dtype(), [&]<class T>(std::type_identity<T>) {
    using C = Compute<T>;
    const T* x = args.logits.data<T>();
    const C* dloss = args.dloss.data<C>();
    T* dx = args.dlogits.mutable_data<T>();
    const double scale = options.reduction == Reduction::mean ? 1 / count : 1;
    cpu::parallel_for(rows, cpu::chunk_for_cost(kExponentialCost * n), [&](int64_t first, int64_t last) {
      for (int64_t r = first; r < last; ++r) {
        if (labels[r] == options.ignore_index) {
          std::fill_n(dx + r * n, n, T(0));
          continue;
        }
        const auto slope =
            static_cast<C>(scale * static_cast<double>(dloss[options.reduction == Reduction::none ? r : 0]));
        row_gradient(x + r * n, n, labels[r], options.label_smoothing, lse[r], slope, dx + r * n);
      }
    });
  });
}

}  // namespace triad::ops::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace triad::ops {
namespace {

HWY_EXPORT(CrossEntropyForwardCpu);
HWY_EXPORT(CrossEntropyBackwardCpu);

void forward_cpu(const CrossEntropyForward& args) { HWY_DYNAMIC_DISPATCH(CrossEntropyForwardCpu)(args); }
void backward_cpu(const CrossEntropyBackward& args) { HWY_DYNAMIC_DISPATCH(CrossEntropyBackwardCpu)(args); }

const RegisterKernel registered_forward(cross_entropy_forward, DeviceType::cpu, &forward_cpu);
const RegisterKernel registered_backward(cross_entropy_backward, DeviceType::cpu, &backward_cpu);

}  // namespace
}  // namespace triad::ops
#endif
