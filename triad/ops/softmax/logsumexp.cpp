#include "triad/ops/softmax/logsumexp.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "triad/autograd/node.h"
#include "triad/core/tensor/views.h"
#include "triad/ops/registry/op_spec.h"

namespace triad::ops {

constinit KernelTable<LogsumexpForward> logsumexp_forward{"logsumexp"};
constinit KernelTable<LogsumexpBackward> logsumexp_backward{"logsumexp backward"};

namespace {

/// The kept axes in order, then the reduced ones.
Axes reduced_last(const Axes& axes, int rank) {
  Axes order;
  for (int i = 0; i < rank; ++i) {
    if (std::find(axes.begin(), axes.end(), i) == axes.end()) order.push_back(i);
  }
  for (const int64_t axis : axes) order.push_back(axis);
  return order;
}

Axes inverse(const Axes& order) {
  Axes back = order;
  for (int i = 0; i < order.rank(); ++i) back[static_cast<int>(order[i])] = i;
  return back;
}

}  // namespace

Tensor logsumexp(const Tensor& x_in, const Axes& axes_in, bool keep) {
  check_floating("logsumexp", "x", x_in);
  const Axes axes = normalize_axes("logsumexp", axes_in, x_in.rank()), order = reduced_last(axes, x_in.rank());
  const Tensor permuted = contiguous(views::permute(x_in.detach(), order));
  const Shape permuted_shape = permuted.shape();
  const int64_t rows = reduced_shape(x_in.shape(), axes, false).numel();
  int64_t n = 1;
  for (const int64_t axis : axes) n *= x_in.size(static_cast<int>(axis));
  const Tensor x = *views::reshape(permuted, {rows, n});
  Tensor y = empty({rows}, x.dtype(), x.device());
  logsumexp_forward(x.device(), {x, y});
  Tensor out = *views::reshape(y, reduced_shape(x_in.shape(), axes, keep));
  return record("logsumexp", {x_in}, out, {x}, [order, permuted_shape](const Backward& b) -> Gradients {
    const Tensor dy = *views::reshape(contiguous(b.dy()), {b.saved(0).size(0)});
    Tensor dx = empty_like(b.saved(0));
    logsumexp_backward(dx.device(), {b.saved(0), dy, dx});
    return {views::permute(*views::reshape(dx, permuted_shape), inverse(order))};
  });
}

namespace {

Tensors naive(const Tensor& x, const Axes& axes_in, bool keep) {
  const Axes axes = normalize_axes("logsumexp", axes_in, x.rank());
  const Shape kept = reduced_shape(x.shape(), axes, true);
  const Strides kept_strides = contiguous_strides(kept);
  std::vector<std::vector<double>> groups(static_cast<size_t>(kept.numel()));
  const std::vector<double> values = x.to_vector<double>();
  for (int64_t i = 0; i < x.numel(); ++i) {
    int64_t rest = i, target = 0;
    for (int axis = x.rank() - 1; axis >= 0; --axis) {
      if (kept[axis] != 1) target += rest % x.shape()[axis] * kept_strides[axis];
      rest /= x.shape()[axis];
    }
    groups[static_cast<size_t>(target)].push_back(values[static_cast<size_t>(i)]);
  }
  std::vector<double> out;
  for (const auto& group : groups) {
    double largest = -std::numeric_limits<double>::infinity(), sum = 0;
    for (const double v : group) largest = std::max(largest, v);
    if (std::isinf(largest)) largest = 0;
    for (const double v : group) sum += std::exp(v - largest);
    out.push_back(largest + std::log(sum));
  }
  return {from_values(out, reduced_shape(x.shape(), axes, keep))};
}

const RegisterOp registered([] {
  OpSpec spec{.name = "logsumexp", .dtypes = kFloatingDTypes, .no_derivative = {}, .samples = {}, .errors = {}};
  spec.samples = [](SampleMaker& make) {
    std::vector<Sample> samples;
    const auto add = [&](std::string label, Tensor x, Axes axes, bool keep, bool check_gradient = true) {
      const double n = static_cast<double>(x.numel());
      samples.push_back({.label = std::move(label),
                         .inputs = {std::move(x)},
                         .run = [=](std::span<const Tensor> in) -> Tensors { return {logsumexp(in[0], axes, keep)}; },
                         .reference = [=](std::span<const Tensor> in) { return naive(in[0], axes, keep); },
                         .check_gradient = check_gradient,
                         .flops = 12 * n,
                         .min_bytes = 4 * n});
    };
    constexpr double kInf = std::numeric_limits<double>::infinity();
    add("all axes", make.normal({3, 4, 5}), {}, false);
    add("last axis", make.normal({7, 33}, 3), {-1}, false);
    add("first axis, kept", make.normal({33, 7}), {0}, true);
    add("outer axes", make.normal({3, 5, 4}), {0, 2}, true);
    add("long rows", make.normal({6, 1500}), {1}, false);
    add("scalar", make.normal({}), {}, false);
    add("no entries", make.normal({3, 0}), {1}, false);
    add("no rows", make.normal({0, 3}), {1}, false);
    add("mean 1e4: differences too coarse", make.normal({3, 20}, 2, 1e4), {-1}, false, false);
    add("wide range", make.normal({3, 50}, 300), {-1}, false, false);
    add("equal values", full({2, 21}, 5, DType::f64), {-1}, false);
    add("NaN and infinities in their rows",
        from_values({-kInf, -kInf, -kInf, 1.0, std::nan(""), 2.0, 1.0, kInf, 2.0, -kInf, 0.5, -kInf}, {4, 3}), {-1},
        false, false);
    return samples;
  };
  spec.errors = [] {
    return std::vector<ErrorSample>{
        {"integers", [] { logsumexp(zeros({2}, DType::i64)); }, "logsumexp: x is i64, expected a floating dtype"},
        {"axis", [] { logsumexp(zeros({2, 3}), {2}); }, "logsumexp: axis 2 does not exist in a tensor of 2 axes"}};
  };
  return spec;
});

}  // namespace
}  // namespace triad::ops
