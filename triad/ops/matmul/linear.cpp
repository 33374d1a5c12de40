#include "triad/ops/matmul/linear.h"

#include <cmath>
#include <numbers>

#include "triad/autograd/node.h"
#include "triad/core/base/matrix_layout.h"
#include "triad/core/tensor/optional_argument.h"
#include "triad/core/tensor/views.h"
#include "triad/ops/activation/gelu.h"
#include "triad/ops/activation/silu.h"
#include "triad/ops/elementwise/scalar_math.h"
#include "triad/ops/elementwise/unary.h"
#include "triad/ops/matmul/matmul.h"
#include "triad/ops/reduce/sum.h"
#include "triad/ops/registry/op_spec.h"
#include "triad/ops/shape/reshape.h"

namespace triad::ops {

constinit KernelTable<LinearForward> linear_forward{"linear"};

namespace {

bool dense_rows_or_columns(const Tensor& t) {
  return matrix_layout(t.size(0), t.size(1), t.strides()[0], t.strides()[1]) != MatrixLayout::other;
}

/// x as [M, In] without history.
Tensor as_rows(const Tensor& x) {
  const Shape shape{Shape(std::span(x.shape().begin(), x.shape().end() - 1)).numel(), x.size(-1)};
  const auto view = views::reshape(x.detach(), shape);
  return view && dense_rows_or_columns(*view) ? *view : *views::reshape(triad::contiguous(x.detach()), shape);
}

/// True if the slope of f is a function of f(z); otherwise it takes z.
bool slope_from_value(Activation f) {
  return f == Activation::relu || f == Activation::tanh || f == Activation::sigmoid;
}

int unary_index(Activation f) {
  if (f == Activation::relu) return scalar::Unary::index_of<scalar::Relu>;
  return f == Activation::tanh ? scalar::Unary::index_of<scalar::Tanh> : scalar::Unary::index_of<scalar::Sigmoid>;
}

GeluForm gelu_form(Activation f) { return f == Activation::gelu ? GeluForm::erf : GeluForm::tanh; }

/// y = f(z), which may be one tensor.
void activate(Activation f, const Tensor& z, Tensor& y) {
  if (slope_from_value(f)) unary_forward(z.device(), {unary_index(f), z, y});
  else if (f == Activation::silu) silu_forward(z.device(), {z, y});
  else gelu_forward(z.device(), {z, gelu_form(f), y});
}

/// dy f'(z), given z, or f(z) where slope_from_value(f).
Tensor activation_gradient(Activation f, const Tensor& saved, const Tensor& dy) {
  Tensor dz = empty_like(dy);
  if (slope_from_value(f)) unary_backward(dy.device(), {unary_index(f), saved, saved, dy, dz});
  else if (f == Activation::silu) silu_backward(dy.device(), {saved, dy, dz});
  else gelu_backward(dy.device(), {saved, gelu_form(f), dy, dz});
  return dz;
}

void check_arguments(const Tensor& x, const Tensor& weight, const Tensor& bias) {
  constexpr std::string_view op = "linear";
  check_floating(op, "x", x);
  require<ShapeError>(x.rank() >= 1, op, "x is a scalar, expected [..., In]");
  check_same_dtype(op, "weight", weight, x);
  check_same_device(op, "weight", weight, x);
  check_rank(op, "weight", weight, 2);
  require<ShapeError>(weight.size(1) == x.size(-1), op, "weight has shape ", weight.shape(), ", expected [Out, ",
                      x.size(-1), "] to match the last axis of x ", x.shape());
  if (!bias.defined()) return;
  check_same_dtype(op, "bias", bias, x);
  check_same_device(op, "bias", bias, x);
  check_shape(op, "bias", bias, {weight.size(0)});
}

}  // namespace

Tensor linear(const Tensor& x_in, const Tensor& weight_in, const Tensor& bias_in, Activation f) {
  check_arguments(x_in, weight_in, bias_in);
  const Tensor x = as_rows(x_in);
  const Tensor weight = dense_rows_or_columns(weight_in) ? weight_in.detach() : triad::contiguous(weight_in.detach());
  const Tensor bias = contiguous_if_defined(bias_in);
  Tensor z = empty({x.size(0), weight.size(0)}, x.dtype(), x.device());
  linear_forward(x.device(), {x, weight, bias, z});
  const bool keep_z = f != Activation::none && !slope_from_value(f) && will_record({x_in, weight_in, bias_in});
  Tensor y = keep_z ? empty_like(z) : z;
  if (f != Activation::none) activate(f, z, y);
  Shape shape = x_in.shape(), x_shape = shape;
  shape.back() = weight.size(0);
  const Tensor out = *views::reshape(y, shape);
  const Tensor slope_source = f == Activation::none ? Tensor() : z;  // z holds y where only y is kept
  return record("linear", {x_in, weight_in, bias_in}, out, {x, weight, slope_source},
                [f, x_shape](const Backward& b) -> Gradients {
                  const Tensor &x_saved = b.saved(0), &weight_saved = b.saved(1);
                  Tensor dz = triad::contiguous(reshape(b.dy(), {x_saved.size(0), weight_saved.size(0)}));
                  if (f != Activation::none) dz = activation_gradient(f, b.saved(2), dz);
                  Gradients grads(3);
                  if (b.needs(0)) grads[0] = *views::reshape(matmul(dz, weight_saved), x_shape);
                  if (b.needs(1)) grads[1] = matmul(views::transpose(dz, 0, 1), x_saved);
                  if (b.needs(2)) grads[2] = sum(dz, {0});
                  return grads;
                });
}

namespace {

double activation_reference(Activation f, double z) {
  const auto sigmoid = [](double v) { return 1 / (1 + std::exp(-v)); };
  switch (f) {
    case Activation::none: return z;
    case Activation::relu: return z < 0 ? 0 : z;
    case Activation::gelu: return z * std::erfc(-z / std::numbers::sqrt2) / 2;
    case Activation::gelu_tanh: return z * sigmoid(2 * std::sqrt(2 / std::numbers::pi) * (z + 0.044715 * z * z * z));
    case Activation::silu: return z * sigmoid(z);
    case Activation::tanh: return std::tanh(z);
    case Activation::sigmoid: return sigmoid(z);
  }
  return z;
}

/// In f64, element by element.
Tensors naive(const Tensor& x, const Tensor& weight, const Tensor& bias, Activation f) {
  const int64_t In = weight.size(1), Out = weight.size(0);
  Shape shape = x.shape();
  shape.back() = Out;
  const auto xs = x.to_vector<double>(), ws = weight.to_vector<double>();
  const auto bs = bias.defined() ? bias.to_vector<double>() : std::vector<double>(static_cast<size_t>(Out));
  std::vector<double> y(static_cast<size_t>(shape.numel()));
  for (size_t i = 0; i < y.size(); ++i) {
    const size_t row = i / static_cast<size_t>(Out), column = i % static_cast<size_t>(Out);
    double z = bs[column];
    for (size_t k = 0; k < static_cast<size_t>(In); ++k)
      z += xs[row * static_cast<size_t>(In) + k] * ws[column * static_cast<size_t>(In) + k];
    y[i] = activation_reference(f, z);
  }
  return {from_values(y, shape)};
}

Sample linear_sample(std::string label, Tensor x, Tensor weight, Tensor bias, Activation f = Activation::none) {
  const double flops = 2.0 * static_cast<double>(x.numel()) * static_cast<double>(weight.size(0));
  const double rows = static_cast<double>(x.numel()) / std::max(1.0, static_cast<double>(weight.size(1)));
  const double inputs = static_cast<double>(x.numel() + weight.numel()),
               outputs = rows * static_cast<double>(weight.size(0));
  return {.label = std::move(label),
          .inputs = {std::move(x), std::move(weight), std::move(bias)},
          .run = [f](std::span<const Tensor> in) -> Tensors { return {linear(in[0], in[1], in[2], f)}; },
          .reference = [f](std::span<const Tensor> in) { return naive(in[0], in[1], in[2], f); },
          .flops = flops,
          .min_bytes = 4 * (inputs + outputs),
          .backward_flops = 2 * flops,
          .backward_min_bytes = 4 * (2 * inputs + outputs)};
}

Workload linear_workload(std::string suite, std::string_view part, int64_t rows, int64_t in, int64_t out, bool bias) {
  return {
      .suite = std::move(suite), .place = str(part, " ", rows, "x", in, " to ", out), .make = [=](SampleMaker& make) {
        return linear_sample("", make.normal({rows, in}), make.normal({out, in}, 0.05),
                             bias ? make.normal({out}) : Tensor());
      }};
}

/// The products of a transformer over so many tokens.
void add_transformer(std::vector<Workload>& to, const std::string& suite, int64_t tokens, int64_t width) {
  to.push_back(linear_workload(suite, "query key value", tokens, width, 3 * width, true));
  to.push_back(linear_workload(suite, "attention output", tokens, width, width, true));
  to.push_back(linear_workload(suite, "feed-forward inner", tokens, width, 4 * width, true));
  to.push_back(linear_workload(suite, "feed-forward outer", tokens, 4 * width, width, true));
}

const RegisterOp registered([] {
  OpSpec spec{.name = "linear", .dtypes = kFloatingDTypes, .no_derivative = {}, .samples = {}, .errors = {}};
  spec.is_product = true;
  spec.samples = [](SampleMaker& make) {
    using enum Activation;
    const auto t = [&](const Shape& shape) { return make.normal(shape, 0.5); };
    std::vector<Sample> samples;
    samples.push_back(linear_sample("no bias", t({4, 5}), t({3, 5}), {}));
    samples.push_back(linear_sample("bias", t({2, 3, 5}), t({7, 5}), t({7})));
    samples.push_back(linear_sample("one vector", t({6}), t({4, 6}), t({4})));
    samples.push_back(linear_sample("sizes of one", t({1, 1}), t({1, 1}), t({1})));
    samples.push_back(linear_sample("larger than one block", t({65, 129}), t({70, 129}), t({70})));
    samples.push_back(linear_sample("relu", make.distinct({4, 1}), from_values({1.0, -1.0}, {2, 1}), {}, relu));
    samples.push_back(linear_sample("gelu", t({5, 9}), t({19, 9}), t({19}), gelu));
    samples.push_back(linear_sample("gelu_tanh", t({5, 9}), t({19, 9}), t({19}), gelu_tanh));
    samples.push_back(linear_sample("silu", t({5, 9}), t({19, 9}), t({19}), silu));
    samples.push_back(linear_sample("tanh", t({5, 9}), t({19, 9}), t({19}), tanh));
    samples.push_back(linear_sample("sigmoid", t({5, 9}), t({19, 9}), {}, sigmoid));
    samples.push_back(linear_sample("empty batch", t({0, 3, 4}), t({2, 4}), t({2}), gelu));
    samples.push_back(linear_sample("no input features", t({3, 0}), t({2, 0}), t({2}), silu));
    samples.push_back(linear_sample("no output features", t({3, 2}), t({0, 2}), t({0})));
    const Tensor extremes =
        from_values({0.0, -0.0, 1e-30, 60.0, -60.0, 1e4, -1e4, std::nan(""), HUGE_VAL, -HUGE_VAL}, {10, 1});
    for (const Activation f : {relu, gelu, gelu_tanh, silu, tanh, sigmoid}) {
      samples.push_back(linear_sample(str("hostile values, activation ", static_cast<int>(f)), extremes,
                                      full({3, 1}, 1, DType::f64), {}, f));
      samples.back().check_gradient = false;
    }
    return samples;
  };
  add_transformer(spec.workloads, "text-mini", 4096, 256);
  add_transformer(spec.workloads, "image-6x192", 4096, 192);
  add_transformer(spec.workloads, "text-base", 512, 768);
  add_transformer(spec.workloads, "vit-b16", 784, 768);
  spec.workloads.push_back(linear_workload("demo", "query key value, pictures", 512, 128, 384, true));
  spec.workloads.push_back(linear_workload("demo", "query key value, questions", 7680, 128, 384, true));
  spec.workloads.push_back(linear_workload("demo", "feed-forward, questions", 7680, 128, 256, true));
  spec.workloads.push_back(linear_workload("text-mini", "words", 480, 256, 8192, true));
  spec.workloads.push_back(linear_workload("text-base", "words", 60, 768, 30522, true));
  spec.workloads.push_back(linear_workload("speech-256", "prediction", 1600, 256, 320, true));
  spec.errors = [] {
    return std::vector<ErrorSample>{
        {"width", [] { linear(zeros({2, 3}), zeros({5, 4})); },
         "linear: weight has shape [5, 4], expected [Out, 3] to match the last axis of x [2, 3]"},
        {"bias", [] { linear(zeros({2, 3}), zeros({5, 3}), zeros({3})); }, "linear: bias has shape [3], expected [5]"},
        {"scalar", [] { linear(zeros({}), zeros({5, 3})); }, "linear: x is a scalar, expected [..., In]"},
        {"dtype", [] { linear(zeros({2, 3}), zeros({5, 3}, DType::bf16)); },
         "linear: weight is bf16, expected f32\n  hint: convert with ops::cast"}};
  };
  return spec;
});

}  // namespace
}  // namespace triad::ops
