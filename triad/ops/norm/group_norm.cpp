#include "triad/ops/norm/group_norm.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "triad/autograd/node.h"
#include "triad/core/tensor/optional_argument.h"
#include "triad/core/tensor/views.h"
#include "triad/ops/registry/op_spec.h"

namespace triad::ops {

constinit KernelTable<GroupNormForward> group_norm_forward{"group_norm"};
constinit KernelTable<GroupNormBackward> group_norm_backward{"group_norm backward"};

namespace {

void check_arguments(const Tensor& x, int64_t groups, const Tensor& weight, const Tensor& bias, double eps,
                     const Tensor& mask) {
  constexpr std::string_view op = "group_norm";
  check_floating(op, "x", x);
  require<ShapeError>(x.rank() >= 2, op, "x has shape ", x.shape(), ", expected [batch, channels, ...]");
  require<ValueError>(groups > 0 && x.size(1) % groups == 0, op, groups, " groups do not divide the ", x.size(1),
                      " channels of x ", x.shape());
  for (const auto& [name, t] : {std::pair{"weight", &weight}, std::pair{"bias", &bias}}) {
    if (!t->defined()) continue;
    check_shape(op, name, *t, {x.size(1)});
    check_same_dtype(op, name, *t, x);
    check_same_device(op, name, *t, x);
  }
  require<ValueError>(eps >= 0, op, "eps is ", eps, ", expected at least 0");
  if (!mask.defined()) return;
  require<DTypeError>(mask.dtype() == DType::boolean, op, "mask is ", mask.dtype(), ", expected bool",
                      Hint{"true marks the positions that are visible"});
  check_shape(op, "mask", mask, reduced_shape(x.shape(), {1}, false));
  check_same_device(op, "mask", mask, x);
}

/// [B, C, ...] as [B, C, S].
Tensor positions_merged(const Tensor& x) {
  const Tensor dense = contiguous(x.detach());
  int64_t positions = 1;
  for (int axis = 2; axis < x.rank(); ++axis) positions *= x.size(axis);
  return *views::reshape(dense, {x.size(0), x.size(1), positions});
}

}  // namespace

Tensor group_norm(const Tensor& x_in, int64_t groups, const Tensor& weight_in, const Tensor& bias_in, double eps,
                  const Tensor& mask_in) {
  check_arguments(x_in, groups, weight_in, bias_in, eps, mask_in);
  const Tensor x = positions_merged(x_in);
  const Tensor weight = contiguous_if_defined(weight_in), bias = contiguous_if_defined(bias_in);
  const DType accumulation = accumulation_dtype(x.dtype());
  Tensor mask;
  if (mask_in.defined()) mask = *views::reshape(clone_as(mask_in, accumulation), {x.size(0), x.size(2)});
  Tensor y = empty_like(x), mean = empty({x.size(0), groups}, DType::f64, x.device());
  Tensor rstd = empty({x.size(0), groups}, accumulation, x.device());
  group_norm_forward(x.device(), {x, weight, bias, mask, eps, y, mean, rstd});
  const Shape shape = x_in.shape();
  return record("group_norm", {x_in, weight_in, bias_in}, *views::reshape(y, shape), {x, weight, mask, mean, rstd},
                [shape](const Backward& b) -> Gradients {
                  const Tensor &x_saved = b.saved(0), dy = positions_merged(b.dy());
                  const auto wanted = [&](size_t input) {
                    return b.needs(input) ? empty({x_saved.size(1)}, x_saved.dtype(), x_saved.device()) : Tensor();
                  };
                  Tensor dx = empty_like(x_saved), dweight = wanted(1), dbias = wanted(2);
                  group_norm_backward(x_saved.device(), {x_saved, b.saved(1), b.saved(2), b.saved(3), b.saved(4), dy,
                                                         dx, dweight, dbias});
                  return {*views::reshape(dx, shape), dweight, dbias};
                });
}

namespace {

/// In long double: with a mean of 1e4 a plain f64 mean is less accurate than the kernel's.
Tensors naive(const Tensor& x, int64_t groups, const Tensor& weight, const Tensor& bias, double eps,
              const Tensor& mask) {
  const int64_t channels = x.size(1), batch = x.size(0), width = channels / groups;
  const int64_t positions = x.numel() == 0 ? 0 : x.numel() / (batch * channels);
  const std::vector<double> values = x.to_vector<double>();
  const auto w = weight.defined() ? weight.to_vector<double>() : std::vector<double>(static_cast<size_t>(channels), 1);
  const auto b = bias.defined() ? bias.to_vector<double>() : std::vector<double>(static_cast<size_t>(channels), 0);
  const auto seen =
      mask.defined() ? mask.to_vector<uint8_t>() : std::vector<uint8_t>(static_cast<size_t>(batch * positions), 1);
  std::vector<double> y(values.size());
  for (int64_t group = 0; group < batch * groups; ++group) {
    const auto for_visible = [&](auto body) {
      for (int64_t c = 0; c < width; ++c) {
        for (int64_t s = 0; s < positions; ++s) {
          if (seen[static_cast<size_t>(group / groups * positions + s)])
            body(static_cast<size_t>((group * width + c) * positions + s),
                 static_cast<size_t>(group % groups * width + c));
        }
      }
    };
    long double count = 0, mean = 0, variance = 0;
    for_visible([&](size_t i, size_t) { mean += values[i], ++count; });
    mean /= count;
    for_visible([&](size_t i, size_t) { variance += (values[i] - mean) * (values[i] - mean) / count; });
    for_visible([&](size_t i, size_t c) {
      y[i] = static_cast<double>((values[i] - mean) / std::sqrt(variance + eps) * w[c] + b[c]);
    });
  }
  return {from_values(y, x.shape())};
}

const RegisterOp registered([] {
  OpSpec spec{.name = "group_norm", .dtypes = kFloatingDTypes, .no_derivative = {}, .samples = {}, .errors = {}};
  const auto sample = [](std::string label, Tensor x, int64_t groups, Tensor weight, Tensor bias, Tensor mask) {
    const double n = static_cast<double>(x.numel());
    return Sample{
        .label = std::move(label),
        .inputs = {std::move(x), std::move(weight), std::move(bias), std::move(mask)},
        .run = [groups](std::span<const Tensor> in) -> Tensors {
          return {group_norm(in[0], groups, in[1], in[2], 1e-5, in[3])};
        },
        .reference = [groups](std::span<const Tensor> in) { return naive(in[0], groups, in[1], in[2], 1e-5, in[3]); },
        .flops = 8 * n,
        .min_bytes = 8 * n,
        .backward_flops = 14 * n,
        .backward_min_bytes = 12 * n};
  };
  spec.samples = [sample](SampleMaker& make) {
    std::vector<Sample> samples;
    const auto add = [&](std::string label, Tensor x, int64_t groups, Tensor weight, Tensor bias, Tensor mask = {},
                         bool check_gradient = true) {
      samples.push_back(
          sample(std::move(label), std::move(x), groups, std::move(weight), std::move(bias), std::move(mask)));
      samples.back().check_gradient = check_gradient;
    };
    const auto w = [&](int64_t channels) { return make.normal({channels}, 0.5, 1); };
    constexpr double kInf = std::numeric_limits<double>::infinity(), kNan = std::numeric_limits<double>::quiet_NaN();
    add("pictures", make.normal({2, 6, 3, 5}), 3, w(6), w(6));
    add("one group, sound", make.normal({3, 4, 37}), 1, w(4), w(4));
    add("a group each channel", make.normal({2, 3, 4, 4}), 3, w(3), w(3));
    add("no weight, no bias", make.normal({2, 4, 9}), 2, {}, {});
    add("bias alone", make.normal({2, 4, 9}), 2, {}, w(4));
    add("no positions axis", make.normal({5, 8}), 2, w(8), w(8));
    add("larger", make.normal({3, 32, 13, 11}), 4, w(32), w(32));
    add("masked", make.normal({2, 6, 5, 7}), 2, w(6), w(6), make.mask({2, 5, 7}, 0.6));
    add("masked, no weight", make.normal({2, 4, 21}), 2, {}, {}, make.mask({2, 21}, 0.5));
    add("a sample that sees nothing", make.normal({2, 4, 3}), 2, w(4), w(4),
        from_values({true, true, true, false, false, false}, {2, 3}));
    add("no samples", make.normal({0, 4, 3}), 2, w(4), w(4));
    add("no positions", make.normal({2, 4, 0}), 2, w(4), w(4));
    add("mean 1e4: differences too coarse", make.normal({2, 4, 50}, 0.5, 1e4), 2, w(4), w(4), {}, false);
    add("equal values: the slope is 1/sqrt(eps)", full({2, 4, 20}, 3.7, DType::f64), 2, w(4), w(4), {}, false);
    add("NaN and inf where it is hidden", from_values({1.0, kNan, 2.0, 4.0, kInf, -1.0}, {1, 2, 3}), 1, w(2), w(2),
        from_values({true, false, true}, {1, 3}));
    add("NaN and inf in their groups", from_values({1.0, kNan, 2.0, 4.0, 3.0, -1.0, 1.0, kInf}, {2, 2, 2}), 2, w(2),
        w(2), {}, false);
    samples.back().cancelling_terms = 1;  // of two elements, the mean and the slope take everything away but eps
    return samples;
  };
  for (const auto& [channels, side] : {std::pair{48, 32}, {96, 16}, {192, 8}}) {
    spec.workloads.push_back({"image-6x192",
                              str("stem 64x", channels, "x", side, "x", side),
                              [=](SampleMaker& make) {
                                return sample("", make.normal({64, channels, side, side}), 8,
                                              make.normal({channels}, 0.5, 1), make.normal({channels}), {});
                              },
                              {{"groups", 8}}});
  }
  spec.errors = [] {
    return std::vector<ErrorSample>{
        {"groups", [] { group_norm(zeros({2, 6, 4}), 4); },
         "group_norm: 4 groups do not divide the 6 channels of x [2, 6, 4]"},
        {"no groups", [] { group_norm(zeros({2, 6, 4}), 0); },
         "group_norm: 0 groups do not divide the 6 channels of x [2, 6, 4]"},
        {"rank", [] { group_norm(zeros({6}), 1); }, "group_norm: x has shape [6], expected [batch, channels, ...]"},
        {"weight", [] { group_norm(zeros({2, 6, 4}), 2, zeros({4})); },
         "group_norm: weight has shape [4], expected [6]"},
        {"mask shape", [] { group_norm(zeros({2, 6, 4, 5}), 2, {}, {}, 1e-5, zeros({2, 4}, DType::boolean)); },
         "group_norm: mask has shape [2, 4], expected [2, 4, 5]"},
        {"mask dtype", [] { group_norm(zeros({2, 6, 4}), 2, {}, {}, 1e-5, zeros({2, 4})); },
         "group_norm: mask is f32, expected bool\n  hint: true marks the positions that are visible"},
        {"eps", [] { group_norm(zeros({2, 6, 4}), 2, {}, {}, -1); }, "group_norm: eps is -1, expected at least 0"},
        {"integers", [] { group_norm(zeros({2, 6, 4}, DType::i64), 2); },
         "group_norm: x is i64, expected a floating dtype"}};
  };
  return spec;
});

}  // namespace
}  // namespace triad::ops
