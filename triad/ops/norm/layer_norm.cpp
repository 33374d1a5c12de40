#include "triad/ops/norm/layer_norm.h"

#include <cmath>
#include <limits>

#include "triad/autograd/node.h"
#include "triad/core/tensor/optional_argument.h"
#include "triad/ops/registry/op_spec.h"

namespace triad::ops {

constinit KernelTable<LayerNormForward> layer_norm_forward{"layer_norm"};
constinit KernelTable<LayerNormBackward> layer_norm_backward{"layer_norm backward"};

namespace {

void check_arguments(const Tensor& x, const Tensor& weight, const Tensor& bias, double eps) {
  constexpr std::string_view op = "layer_norm";
  check_floating(op, "x", x);
  require<ShapeError>(x.rank() > 0, op, "x is a scalar, expected at least one axis");
  for (const auto& [name, t] : {std::pair{"weight", &weight}, std::pair{"bias", &bias}}) {
    if (!t->defined()) continue;
    require<ShapeError>(t->shape() == Shape{x.size(-1)}, op, name, " has shape ", t->shape(), ", expected [",
                        x.size(-1), "] to match the last axis of x ", x.shape(),
                        Hint{"construct LayerNorm with the feature size of x"});
    check_same_dtype(op, name, *t, x);
    check_same_device(op, name, *t, x);
  }
  require<ValueError>(eps >= 0, op, "eps is ", eps, ", expected at least 0");
}

}  // namespace

Tensor layer_norm(const Tensor& x_in, const Tensor& weight_in, const Tensor& bias_in, double eps) {
  check_arguments(x_in, weight_in, bias_in, eps);
  const Tensor x = contiguous(x_in.detach()), weight = contiguous_if_defined(weight_in),
               bias = contiguous_if_defined(bias_in);
  const Shape rows = reduced_shape(x.shape(), {x.rank() - 1}, false);
  Tensor y = empty_like(x), mean = empty(rows, DType::f64, x.device());
  Tensor rstd = empty(rows, accumulation_dtype(x.dtype()), x.device());
  layer_norm_forward(x.device(), {x, weight, bias, eps, y, mean, rstd});
  return record(
      "layer_norm", {x_in, weight_in, bias_in}, y, {x, weight, mean, rstd}, [](const Backward& b) -> Gradients {
        const Tensor &x_saved = b.saved(0), &dy = contiguous(b.dy());
        const auto wanted = [&](size_t input, const Shape& shape) {
          return b.needs(input) ? empty(shape, x_saved.dtype(), x_saved.device()) : Tensor();
        };
        Tensor dx = wanted(0, x_saved.shape()), dweight = wanted(1, {x_saved.size(-1)}),
               dbias = wanted(2, {x_saved.size(-1)});
        layer_norm_backward(x_saved.device(), {x_saved, b.saved(1), b.saved(2), b.saved(3), dy, dx, dweight, dbias});
        return {dx, dweight, dbias};
      });
}

namespace {

/// In long double: with a mean of 1e4 a plain f64 mean is less accurate than the kernel's.
Tensors naive(const Tensor& x, const Tensor& weight, const Tensor& bias, double eps) {
  const auto width = static_cast<size_t>(x.size(-1));
  std::vector<double> values = x.to_vector<double>();
  const auto w = weight.defined() ? weight.to_vector<double>() : std::vector<double>(width, 1);
  const auto b = bias.defined() ? bias.to_vector<double>() : std::vector<double>(width, 0);
  for (size_t row = 0; row < values.size(); row += width) {
    long double mean = 0, variance = 0;
    for (size_t i = 0; i < width; ++i) mean += values[row + i];
    mean /= static_cast<long double>(width);
    for (size_t i = 0; i < width; ++i) variance += (values[row + i] - mean) * (values[row + i] - mean);
    const long double sigma = std::sqrt(variance / static_cast<long double>(width) + eps);
    for (size_t i = 0; i < width; ++i)
      values[row + i] = static_cast<double>((values[row + i] - mean) / sigma * w[i] + b[i]);
  }
  return {from_values(values, x.shape())};
}

const RegisterOp registered([] {
  OpSpec spec{.name = "layer_norm", .dtypes = kFloatingDTypes, .no_derivative = {}, .samples = {}, .errors = {}};
  const auto sample = [](std::string label, Tensor x, Tensor weight, Tensor bias, double eps = 1e-5) {
    const double n = static_cast<double>(x.numel());
    return Sample{
        .label = std::move(label),
        .inputs = {std::move(x), std::move(weight), std::move(bias)},
        .run = [eps](std::span<const Tensor> in) -> Tensors { return {layer_norm(in[0], in[1], in[2], eps)}; },
        .reference = [eps](std::span<const Tensor> in) { return naive(in[0], in[1], in[2], eps); },
        .flops = 8 * n,
        .min_bytes = 8 * n,
        .backward_flops = 14 * n,
        .backward_min_bytes = 12 * n};
  };
  spec.samples = [sample](SampleMaker& make) {
    const auto w = [&](int64_t width) { return make.normal({width}, 0.5, 1); };
    std::vector<Sample> samples = {sample("matrix", make.normal({5, 24}), w(24), w(24)),
                                   sample("no weight, no bias", make.normal({2, 3, 17}), {}, {}),
                                   sample("weight alone", make.normal({4, 33}), w(33), {}),
                                   sample("bias alone", make.normal({4, 8}), {}, w(8)),
                                   sample("one row", make.normal({768}), w(768), w(768)),
                                   sample("many rows", make.normal({700, 9}), w(9), w(9)),
                                   sample("several blocks of rows", make.normal({150, 513}), w(513), w(513)),
                                   sample("large eps", make.normal({3, 5}), w(5), w(5), 0.7),
                                   sample("two columns", make.uniform({3, 2}, -2, 2), w(2), w(2), 0.1),
                                   sample("one column", make.normal({3, 1}), w(1), w(1)),
                                   sample("no rows", make.normal({0, 4}), w(4), w(4)),
                                   sample("no columns", make.normal({3, 0}), w(0), w(0))};
    const auto hostile = [&](std::string label, Tensor x) {
      samples.push_back(sample(std::move(label), x, w(x.size(-1)), w(x.size(-1))));
      samples.back().check_gradient = false;
    };
    hostile("mean 1e4: finite differences too coarse", make.normal({6, 100}, 0.5, 1e4));
    hostile("equal values: the slope is 1/sqrt(eps)", full({2, 40}, 3.7, DType::f64));
    constexpr double kInf = std::numeric_limits<double>::infinity();
    hostile("NaN and inf in their rows",
            from_values({1.0, std::nan(""), 3.0, 1.0, kInf, 2.0, 1.0, -kInf, kInf, 1.0, 2.0, 4.0}, {4, 3}));
    return samples;
  };
  for (const auto& [suite, rows, width] : {std::tuple{"demo", 7680, 128},
                                           {"text-mini", 4096, 256},
                                           {"image-6x192", 4096, 192},
                                           {"text-base", 512, 768},
                                           {"vit-b16", 784, 768}}) {
    spec.workloads.push_back({suite, str("hidden states ", rows, "x", width), [=](SampleMaker& make) {
                                return sample("", make.normal({rows, width}), make.normal({width}, 0.5, 1),
                                              make.normal({width}));
                              }});
  }
  spec.errors = [] {
    return std::vector<ErrorSample>{
        {"weight", [] { layer_norm(zeros({8, 512, 1024}), zeros({768})); },
         "layer_norm: weight has shape [768], expected [1024] to match the last axis of x [8, 512, 1024]\n"
         "  hint: construct LayerNorm with the feature size of x"},
        {"bias", [] { layer_norm(zeros({2, 3}), {}, zeros({1, 3})); },
         "layer_norm: bias has shape [1, 3], expected [3] to match the last axis of x [2, 3]\n"
         "  hint: construct LayerNorm with the feature size of x"},
        {"integers", [] { layer_norm(zeros({2, 3}, DType::i64)); }, "layer_norm: x is i64, expected a floating dtype"},
        {"scalar", [] { layer_norm(zeros({})); }, "layer_norm: x is a scalar, expected at least one axis"},
        {"eps", [] { layer_norm(zeros({2, 3}), {}, {}, -1); }, "layer_norm: eps is -1, expected at least 0"}};
  };
  return spec;
});

}  // namespace
}  // namespace triad::ops
