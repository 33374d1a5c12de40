#include "triad/ops/reduce/extremum.h"

#include <cmath>

#include "triad/autograd/node.h"
#include "triad/core/tensor/views.h"
#include "triad/ops/elementwise/binary.h"
#include "triad/ops/elementwise/cast.h"
#include "triad/ops/elementwise/where.h"
#include "triad/ops/reduce/sum.h"
#include "triad/ops/registry/op_spec.h"
#include "triad/ops/shape/reshape.h"

namespace triad::ops {

constinit KernelTable<ExtremumForward> extremum_forward{"max or min"};
constinit KernelTable<ArgExtremumForward> arg_extremum_forward{"argmax or argmin"};

namespace {

void require_elements(std::string_view op, const Tensor& x, const Axes& axes) {
  for (const int64_t axis : axes) {
    require<ValueError>(x.size(static_cast<int>(axis)) > 0, op, "axis ", axis, " of shape ", x.shape(),
                        " has no element to choose");
  }
}

/// dy in equal shares to the elements of x that are the extremum y. Counts and shares in the accumulation dtype: a
/// count can exceed what 16 bits hold.
Tensor shares(const Tensor& x, const Tensor& y, const Tensor& dy, const Axes& axes) {
  const Tensor chosen = logical_or(equal(x, y), not_equal(x, x));
  const DType wide = accumulation_dtype(x.dtype());
  const Tensor share = cast(dy, wide) / cast(sum(chosen, axes, true), wide);
  return where(chosen, cast(share, x.dtype()), zeros({}, x.dtype(), x.device()));
}

Tensor extremum(std::string_view op, bool largest, const Tensor& x, const Axes& axes_in, bool keep) {
  const Axes axes = normalize_axes(op, axes_in, x.rank());
  require_elements(op, x, axes);
  const Shape kept = reduced_shape(x.shape(), axes, true);
  Tensor y = empty(reduced_shape(x.shape(), axes, false), x.dtype(), x.device());
  if (axes.empty()) copy_into(y, x.detach());
  else extremum_forward(x.device(), {largest, x, axes, y});
  if (keep) y = *views::reshape(y, kept);
  return record(op, {x}, y, {x, y}, [axes, kept](const Backward& b) -> Gradients {
    return {shares(b.saved(0), reshape(b.saved(1), kept), reshape(b.dy(), kept), axes)};
  });
}

Tensor arg_extremum(std::string_view op, bool largest, const Tensor& x, int64_t axis_in, bool keep) {
  const int axis = normalize_axis(op, axis_in, x.rank());
  require_elements(op, x, {axis});
  Tensor y = empty(reduced_shape(x.shape(), {axis}, false), DType::i64, x.device());
  arg_extremum_forward(x.device(), {largest, x, axis, y});
  return keep ? *views::reshape(y, reduced_shape(x.shape(), {axis}, true)) : y;
}

}  // namespace

Tensor max(const Tensor& x, const Axes& axes, bool keep) { return extremum("max", true, x, axes, keep); }
Tensor min(const Tensor& x, const Axes& axes, bool keep) { return extremum("min", false, x, axes, keep); }
Tensor argmax(const Tensor& x, int64_t axis, bool keep) { return arg_extremum("argmax", true, x, axis, keep); }
Tensor argmin(const Tensor& x, int64_t axis, bool keep) { return arg_extremum("argmin", false, x, axis, keep); }

namespace {

/// Whether `a` is chosen before `b` when a stands first.
bool beats(double a, double b, bool largest) {
  return std::isnan(a) || (!std::isnan(b) && (largest ? a >= b : a <= b));
}

/// The extrema over `axes`, and their positions within the reduced elements in row-major order.
Tensors naive(const Tensor& x, const Axes& axes_in, bool keep, bool largest, bool positions) {
  const Axes axes = normalize_axes("naive", axes_in, x.rank());
  Axes order;  // kept axes first
  for (int i = 0; i < x.rank(); ++i)
    if (std::find(axes.begin(), axes.end(), i) == axes.end()) order.push_back(i);
  for (const int64_t axis : axes) order.push_back(axis);
  const auto values = views::permute(x.detach(), order).to_vector<double>();
  const Shape shape = reduced_shape(x.shape(), axes, keep);
  const int64_t n = shape.numel() == 0 ? 0 : x.numel() / shape.numel();
  std::vector<double> best;
  std::vector<int64_t> where_best;
  for (int64_t row = 0; row < shape.numel(); ++row) {
    const double* v = values.data() + row * n;
    int64_t at = 0;
    for (int64_t i = 1; i < n; ++i)
      if (!beats(v[at], v[i], largest)) at = i;
    best.push_back(v[at]);
    where_best.push_back(at);
  }
  if (positions) return {from_values(where_best, shape)};
  return {from_values(best, shape)};
}

const std::vector<DType> kOrderedDTypes = {DType::f32, DType::bf16, DType::f16, DType::f64, DType::i64, DType::boolean};

Tensor with_nan(Tensor x, int64_t at) {
  x.mutable_data<double>()[at] = std::nan("");
  return x;
}

template <Tensor (*op)(const Tensor&, const Axes&, bool), bool largest>
OpSpec extremum_spec(std::string_view name) {
  OpSpec spec{.name = name, .dtypes = kOrderedDTypes, .no_derivative = {}, .samples = {}, .errors = {}};
  spec.samples = [](SampleMaker& make) {
    const auto sample = [](std::string label, Tensor x, Axes axes, bool keep, bool smooth = true) {
      const double n = static_cast<double>(x.numel());
      return Sample{.label = std::move(label),
                    .inputs = {std::move(x)},
                    .run = [=](std::span<const Tensor> in) -> Tensors { return {op(in[0], axes, keep)}; },
                    .reference = [=](std::span<const Tensor> in) { return naive(in[0], axes, keep, largest, false); },
                    .check_gradient = smooth,
                    .flops = n,
                    .min_bytes = 4 * n};
    };
    return std::vector<Sample>{
        sample("all axes", make.distinct({3, 4, 5}), {}, false),
        sample("last axis", make.distinct({7, 33}), {-1}, false),
        sample("first axis, kept", make.distinct({33, 7}), {0}, true),
        sample("middle axis", make.distinct({3, 5, 4}), {1}, false),
        sample("outer axes", make.distinct({3, 5, 4}), {0, 2}, true),
        sample("long column", make.normal({1300, 3}), {0}, false),
        sample("long row", make.normal({2, 40000}), {1}, false, false),
        sample("ties", full({3, 4}, 2, DType::f64), {1}, false, false),
        sample("NaN wins", with_nan(make.normal({2, 5}), 3), {1}, false, false),
        sample("infinities", from_values({-HUGE_VAL, -HUGE_VAL, HUGE_VAL, 0.0}, {2, 2}), {1}, false, false),
        sample("axis of one", make.normal({3, 1, 2}), {1}, false),
        sample("empty batch", make.normal({0, 4}), {1}, false),
        sample("scalar", make.normal({}), {}, false)};
  };
  spec.errors = [] {
    return std::vector<ErrorSample>{
        {"axis", [] { op(zeros({2, 3}), {2}, false); },
         str(largest ? "max" : "min", ": axis 2 does not exist in a tensor of 2 axes")},
        {"nothing", [] { op(zeros({2, 0}), {1}, false); },
         str(largest ? "max" : "min", ": axis 1 of shape [2, 0] has no element to choose")}};
  };
  return spec;
}

template <Tensor (*op)(const Tensor&, int64_t, bool), bool largest>
OpSpec arg_spec(std::string_view name) {
  OpSpec spec{
      .name = name, .dtypes = kOrderedDTypes, .no_derivative = "its result is integral", .samples = {}, .errors = {}};
  spec.samples = [](SampleMaker& make) {
    const auto sample = [](std::string label, Tensor x, int64_t axis, bool keep) {
      const double n = static_cast<double>(x.numel());
      return Sample{.label = std::move(label),
                    .inputs = {std::move(x)},
                    .run = [=](std::span<const Tensor> in) -> Tensors { return {op(in[0], axis, keep)}; },
                    .reference = [=](std::span<const Tensor> in) { return naive(in[0], {axis}, keep, largest, true); },
                    .flops = n,
                    .min_bytes = 4 * n};
    };
    return std::vector<Sample>{
        sample("last axis", make.normal({7, 33}), -1, false),
        sample("first axis, kept", make.normal({33, 300}), 0, true),
        sample("middle axis", make.normal({3, 5, 4}), 1, false),
        sample("ties: the first", full({3, 4}, 2, DType::f64), 0, false),
        sample("NaN wins, the first", with_nan(with_nan(make.normal({2, 5}), 3), 1), 1, false),
        sample("only infinities", full({2, 3}, largest ? -HUGE_VAL : HUGE_VAL, DType::f64), 1, false),
        sample("axis of one", make.normal({3, 1}), 1, false),
        sample("empty batch", make.normal({0, 4}), 1, false)};
  };
  spec.errors = [] {
    return std::vector<ErrorSample>{
        {"nothing", [] { op(zeros({0}), 0, false); },
         str(largest ? "argmax" : "argmin", ": axis 0 of shape [0] has no element to choose")}};
  };
  return spec;
}

const RegisterOp registered_max([] { return extremum_spec<max, true>("max"); });
const RegisterOp registered_min([] { return extremum_spec<min, false>("min"); });
const RegisterOp registered_argmax([] { return arg_spec<argmax, true>("argmax"); });
const RegisterOp registered_argmin([] { return arg_spec<argmin, false>("argmin"); });

}  // namespace
}  // namespace triad::ops
