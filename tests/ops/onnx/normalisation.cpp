#include <cmath>
#include <numbers>

#include "tests/ops/onnx/operators.h"
#include "triad/ops/activation/gelu.h"
#include "triad/ops/elementwise/binary.h"
#include "triad/ops/elementwise/cast.h"
#include "triad/ops/elementwise/unary.h"
#include "triad/ops/elementwise/where.h"
#include "triad/ops/norm/layer_norm.h"
#include "triad/ops/reduce/sum.h"
#include "triad/ops/shape/reshape.h"
#include "triad/ops/softmax/log_softmax.h"
#include "triad/ops/softmax/softmax.h"

namespace triad::onnx {
namespace {

/// One value a channel, shaped to meet [N, C, …].
Tensor across(const Tensor& per_channel, const Tensor& x) {
  Shape shape = Shape::filled(x.rank(), 1);
  shape[1] = per_channel.numel();
  return ops::reshape(per_channel, shape);
}

/// (x - mean) / sqrt(variance + eps) over `axes`.
Tensor standardised(const Tensor& x, const Axes& axes, double eps) {
  const Tensor centred = x - ops::mean(x, axes, true);
  return centred * ops::rsqrt(ops::mean(ops::square(centred), axes, true) + eps);
}

/// All axes from `first` on.
Axes axes_from(const Tensor& x, int first) {
  Axes axes;
  for (int i = first; i < x.rank(); ++i) axes.push_back(i);
  return axes;
}

Tensors layer_normalization(const NodeCase& c) {
  const Tensor x = c.in(0);
  const int first = normalize_axis("layer_norm", c.integer("axis", -1), x.rank());
  const double eps = c.number("epsilon", 1e-5);
  c.ignore("stash_type");  // statistics in f32, as ours
  const auto flat = [](const Tensor& t) { return t.defined() ? ops::reshape(t, {-1}) : t; };
  const Tensor y = ops::layer_norm(ops::flatten(x, first, -1), flat(c.in(1)), flat(c.optional(2)), eps);
  const Tensor mean = ops::mean(x, axes_from(x, first), true);
  const Tensor variance = ops::mean(ops::square(x - mean), axes_from(x, first), true);
  return {ops::reshape(y, x.shape()), mean, ops::rsqrt(variance + eps)};
}

Tensors rms_normalization(const NodeCase& c) {
  const Tensor x = c.in(0);
  const int first = normalize_axis("rms_norm", c.integer("axis", -1), x.rank());
  c.ignore("stash_type");
  return {x * ops::rsqrt(ops::mean(ops::square(x), axes_from(x, first), true) + c.number("epsilon", 1e-5)) * c.in(1)};
}

Tensors group_normalization(const NodeCase& c) {
  const Tensor x = c.in(0);
  const int64_t groups = c.integer("num_groups", 1);
  c.ignore("stash_type");
  Tensor scale = c.in(1), bias = c.in(2);
  if (c.opset() < 21) {  // one value a group
    const auto spread = [&](const Tensor& t) {
      return ops::reshape(ops::expand(ops::unsqueeze(t, 1), {groups, x.size(1) / groups}), {x.size(1)});
    };
    scale = spread(scale), bias = spread(bias);
  }
  const Tensor y = ops::layer_norm(ops::reshape(x, {x.size(0), groups, -1}), {}, {}, c.number("epsilon", 1e-5));
  return {ops::reshape(y, x.shape()) * across(scale, x) + across(bias, x)};
}

Tensors batch_normalization(const NodeCase& c) {
  const Tensor x = c.in(0), scale = across(c.in(1), x), bias = across(c.in(2), x);
  const double eps = c.number("epsilon", 1e-5), momentum = c.number("momentum", 0.9);
  Tensor mean = c.in(3), variance = c.in(4), running_mean, running_variance;
  if (c.flag("training_mode", false)) {
    Axes axes = axes_from(x, 1);
    axes[0] = 0;  // all but the channels
    const Tensor batch_mean = ops::mean(x, axes);
    const Tensor batch_variance = ops::mean(ops::square(x - across(batch_mean, x)), axes);
    running_mean = mean * momentum + batch_mean * (1 - momentum);
    running_variance = variance * momentum + batch_variance * (1 - momentum);
    mean = batch_mean, variance = batch_variance;
  }
  const Tensor y = (x - across(mean, x)) * ops::rsqrt(across(variance, x) + eps) * scale + bias;
  return {y, running_mean, running_variance};
}

Tensors lp_normalization(const NodeCase& c) {
  const Tensor x = c.in(0);
  const int64_t axis = c.integer("axis", -1);
  const Tensor norm =
      c.integer("p", 2) == 1 ? ops::sum(ops::abs(x), {axis}, true) : ops::sqrt(ops::sum(ops::square(x), {axis}, true));
  const Tensor nothing = ops::equal(norm, scalar_like(x, 0));
  return {ops::where(nothing, scalar_like(x, 0), x / norm)};
}

/// a0 - a1 cos(2 pi i / N) + a2 cos(4 pi i / N).
Operator window(double a0, double a1, double a2) {
  return [=](const NodeCase& c) -> Tensors {
    const int64_t n = c.list(0)[0];
    const bool periodic = c.flag("periodic", true);
    const double period = static_cast<double>(periodic ? n : n - 1);
    const Tensor phase = ops::cast(counting(n), DType::f64) * (2 * std::numbers::pi / period);
    const Tensor y = ops::cos(phase) * -a1 + ops::cos(phase * 2) * a2 + a0;
    return {ops::cast(y, dtype_from_code(c.integer("output_datatype", 1)))};
  };
}

}  // namespace

void add_normalisation(OperatorTable& table) {
  table["LayerNormalization"] = layer_normalization;
  table["RMSNormalization"] = rms_normalization;
  table["GroupNormalization"] = group_normalization;
  table["BatchNormalization"] = batch_normalization;
  table["LpNormalization"] = lp_normalization;
  table["InstanceNormalization"] = [](const NodeCase& c) -> Tensors {
    const Tensor x = c.in(0), y = ops::layer_norm(ops::flatten(x, 2, -1), {}, {}, c.number("epsilon", 1e-5));
    return {ops::reshape(y, x.shape()) * across(c.in(1), x) + across(c.in(2), x)};
  };
  table["MeanVarianceNormalization"] = [](const NodeCase& c) -> Tensors {
    return {standardised(c.in(0), Axes(c.has_attribute("axes") ? c.integers("axes") : std::vector<int64_t>{0, 2, 3}),
                         1e-9)};
  };
  table["Softmax"] = [](const NodeCase& c) -> Tensors {
    if (c.opset() < 13) throw NotExpressible("softmax over several axes");
    return {ops::softmax(c.in(0), c.integer("axis", -1))};
  };
  table["LogSoftmax"] = [](const NodeCase& c) -> Tensors {
    if (c.opset() < 13) throw NotExpressible("log-softmax over several axes");
    return {ops::log_softmax(c.in(0), c.integer("axis", -1))};
  };
  table["Gelu"] = [](const NodeCase& c) -> Tensors {
    const bool tanh = c.text("approximate", "none") == "tanh";
    return {ops::gelu(c.in(0), tanh ? ops::GeluForm::tanh : ops::GeluForm::erf)};
  };
  table["Dropout"] = [](const NodeCase& c) -> Tensors {
    const double ratio = c.has(1) ? c.in(1).item() : c.number("ratio", 0.5);
    const bool training = c.has(2) && c.in(2).item() != 0;
    c.ignore("seed");
    if (training && ratio > 0) throw NotExpressible("the random numbers of another generator");
    return {c.in(0), full(c.in(0).shape(), 1, DType::boolean)};
  };
  table["HannWindow"] = window(0.5, 0.5, 0);
  table["HammingWindow"] = window(25.0 / 46, 21.0 / 46, 0);
  table["BlackmanWindow"] = window(0.42, 0.5, 0.08);
}

}  // namespace triad::onnx
