#include "triad/ops/conv/conv2d.h"

#include "triad/autograd/node.h"
#include "triad/core/tensor/optional_argument.h"
#include "triad/core/tensor/views.h"
#include "triad/ops/conv/conv_check.h"
#include "triad/ops/conv/conv_reference.h"
#include "triad/ops/reduce/sum.h"

namespace triad::ops {

constinit KernelTable<Conv2dForward> conv2d_forward{"conv2d"};
constinit KernelTable<Conv2dBackward> conv2d_backward{"conv2d backward"};

namespace {

Shape output_shape(const Tensor& x, const Tensor& weight, const Conv2dOptions& options) {
  Shape shape{x.size(0), weight.size(0)};
  for (size_t i = 0; i < 2; ++i) {
    const int axis = static_cast<int>(i) + 2;
    shape.push_back((x.size(axis) + 2 * options.padding[i] - weight.size(axis)) / options.stride[i] + 1);
  }
  return shape;
}

}  // namespace

Tensor conv2d(const Tensor& x_in, const Tensor& weight_in, const Tensor& bias_in, const Conv2dOptions& options) {
  check_conv_arguments("conv2d", x_in, weight_in, bias_in, {options.stride[0], options.stride[1]},
                       {options.padding[0], options.padding[1]}, options.groups);
  const Tensor x = contiguous(x_in.detach()), weight = contiguous(weight_in.detach());
  const Tensor bias = contiguous_if_defined(bias_in);
  Tensor y = empty(output_shape(x, weight, options), x.dtype(), x.device());
  conv2d_forward(x.device(), {x, weight, bias, options, y});
  return record("conv2d", {x_in, weight_in, bias_in}, y, {x, weight}, [options](const Backward& b) -> Gradients {
    const Tensor &x_saved = b.saved(0), &weight_saved = b.saved(1);
    const Tensor dy = contiguous(b.dy());
    Gradients grads(3);
    if (b.needs(0)) grads[0] = empty_like(x_saved);
    if (b.needs(1)) grads[1] = empty_like(weight_saved);
    if (b.needs(0) || b.needs(1))
      conv2d_backward(dy.device(), {x_saved, weight_saved, dy, options, grads[0], grads[1]});
    if (b.needs(2)) grads[2] = sum(dy, {0, 2, 3});
    return grads;
  });
}

Tensor naive_conv2d(const Tensor& x, const Tensor& weight, const Tensor& bias, const Conv2dOptions& options) {
  const Shape shape = output_shape(x, weight, options);
  const int64_t C = x.size(1), H = x.size(2), W = x.size(3), U = weight.size(2), V = weight.size(3);
  const int64_t group_inputs = C / options.groups, group_outputs = shape[1] / options.groups;
  const auto xs = x.to_vector<double>(), ws = weight.to_vector<double>();
  const auto bs = bias.defined() ? bias.to_vector<double>() : std::vector<double>(static_cast<size_t>(shape[1]));
  std::vector<double> y(static_cast<size_t>(shape.numel()));
  for (int64_t at = 0; at < shape.numel(); ++at) {
    const int64_t j = at % shape[3], i = at / shape[3] % shape[2], o = at / shape[3] / shape[2] % shape[1];
    const int64_t sample = at / shape[3] / shape[2] / shape[1];
    double total = bs[static_cast<size_t>(o)];
    for (int64_t c = 0; c < group_inputs; ++c) {
      for (int64_t u = 0; u < U; ++u) {
        for (int64_t v = 0; v < V; ++v) {
          const int64_t row = i * options.stride[0] + u - options.padding[0],
                        column = j * options.stride[1] + v - options.padding[1];
          if (row < 0 || row >= H || column < 0 || column >= W) continue;
          const int64_t channel = o / group_outputs * group_inputs + c;
          total += ws[static_cast<size_t>(((o * group_inputs + c) * U + u) * V + v)] *
                   xs[static_cast<size_t>(((sample * C + channel) * H + row) * W + column)];
        }
      }
    }
    y[static_cast<size_t>(at)] = total;
  }
  return from_values(y, shape);
}

namespace {

Sample conv2d_sample(std::string label, Tensor x, Tensor weight, Tensor bias, Conv2dOptions options) {
  const int64_t outputs = output_shape(x, weight, options).numel();
  const int64_t window = weight.numel() / std::max<int64_t>(weight.size(0), 1);
  const double flops = 2.0 * static_cast<double>(outputs * window);
  const int64_t inputs = x.numel() + weight.numel();
  return {.label = std::move(label),
          .inputs = {std::move(x), std::move(weight), std::move(bias)},
          .run = [options](std::span<const Tensor> in) -> Tensors { return {conv2d(in[0], in[1], in[2], options)}; },
          .reference = [options](std::span<const Tensor> in) -> Tensors {
            return {naive_conv2d(in[0], in[1], in[2], options)};
          },
          .flops = flops,
          .min_bytes = 4.0 * static_cast<double>(inputs + outputs),
          .backward_flops = 2 * flops,
          .backward_min_bytes = 4.0 * static_cast<double>(2 * inputs + outputs)};
}

Workload conv2d_workload(std::string suite, const Shape& x, int64_t outputs, int64_t window, Conv2dOptions options) {
  return {.suite = std::move(suite),
          .place = str(x, " to ", outputs, ", window ", window, ", stride ", options.stride[0]),
          .make =
              [=](SampleMaker& make) {
                const double scale = 1 / std::sqrt(static_cast<double>(x[1] * window * window));
                return conv2d_sample("", make.normal(x), make.normal({outputs, x[1], window, window}, scale), {},
                                     options);
              },
          .attributes = {{"stride", static_cast<double>(options.stride[0])},
                         {"padding", static_cast<double>(options.padding[0])}}};
}

const RegisterOp registered([] {
  OpSpec spec{.name = "conv2d", .dtypes = kFloatingDTypes, .no_derivative = {}, .samples = {}, .errors = {}};
  spec.is_product = true;
  spec.samples = [](SampleMaker& make) {
    const auto t = [&](const Shape& shape) { return make.normal(shape, 0.5); };
    std::vector<Sample> samples;
    samples.push_back(conv2d_sample("small", t({2, 3, 5, 6}), t({4, 3, 3, 3}), t({4}), {}));
    samples.push_back(conv2d_sample("stem: stride 2, padding 1", t({2, 3, 9, 8}), t({5, 3, 3, 3}), {},
                                    {.stride = {2, 2}, .padding = {1, 1}}));
    samples.push_back(conv2d_sample("patches", t({2, 3, 8, 12}), t({7, 3, 4, 4}), t({7}), {.stride = {4, 4}}));
    samples.push_back(conv2d_sample("one by one window", t({2, 18, 3, 5}), t({17, 18, 1, 1}), t({17}), {}));
    samples.push_back(conv2d_sample("unequal strides and padding", t({1, 2, 7, 5}), t({3, 2, 2, 3}), t({3}),
                                    {.stride = {3, 1}, .padding = {0, 2}}));
    samples.push_back(
        conv2d_sample("groups", t({2, 6, 5, 4}), t({4, 3, 3, 2}), t({4}), {.padding = {1, 0}, .groups = 2}));
    samples.push_back(conv2d_sample("one channel a group", t({1, 4, 6, 6}), t({8, 1, 3, 3}), t({8}),
                                    {.padding = {1, 1}, .groups = 4}));
    samples.push_back(conv2d_sample("channels of a vector and one more", t({1, 33, 6, 5}), t({17, 33, 3, 3}), t({17}),
                                    {.padding = {1, 1}}));
    samples.push_back(conv2d_sample("several chunks of the batch", t({5, 16, 24, 24}), t({16, 16, 3, 3}), t({16}), {}));
    samples.back().tolerance = 5e-5;  // the gradient of a weight sums 2420 products in f32
    samples.push_back(
        conv2d_sample("padding wider than the picture", t({1, 1, 1, 2}), t({2, 1, 3, 3}), t({2}), {.padding = {3, 2}}));
    samples.push_back(
        conv2d_sample("rows the stride never reaches", t({1, 2, 6, 6}), t({2, 2, 2, 2}), {}, {.stride = {3, 4}}));
    samples.push_back(conv2d_sample("one by one by one", t({1, 1, 1, 1}), t({1, 1, 1, 1}), t({1}), {}));
    samples.push_back(conv2d_sample("empty batch", t({0, 3, 5, 6}), t({4, 3, 3, 3}), t({4}), {}));
    samples.push_back(conv2d_sample("no output channel", t({2, 3, 5, 6}), t({0, 3, 3, 3}), {}, {}));
    Tensor holes = t({1, 2, 5, 5});
    holes.mutable_data<double>()[7] = std::nan("");
    holes.mutable_data<double>()[40] = HUGE_VAL;
    samples.push_back(conv2d_sample("NaN and infinity spread over their windows", holes, t({3, 2, 2, 2}), t({3}), {}));
    samples.back().check_gradient = false;
    return samples;
  };
  const Conv2dOptions halving{.stride = {2, 2}, .padding = {1, 1}};
  spec.workloads = {conv2d_workload("demo", {32, 3, 64, 64}, 32, 3, halving),
                    conv2d_workload("demo", {32, 32, 32, 32}, 64, 3, halving),
                    conv2d_workload("demo", {32, 64, 16, 16}, 128, 3, halving),
                    conv2d_workload("demo", {32, 128, 8, 8}, 256, 3, halving),
                    conv2d_workload("image-6x192", {64, 3, 64, 64}, 48, 3, halving),
                    conv2d_workload("image-6x192", {64, 48, 32, 32}, 96, 3, halving),
                    conv2d_workload("image-6x192", {64, 96, 16, 16}, 192, 3, halving),
                    conv2d_workload("image-6x192", {64, 192, 8, 8}, 192, 1, {}),
                    conv2d_workload("vit-b16", {4, 3, 224, 224}, 768, 16, {.stride = {16, 16}})};
  spec.errors = [] {
    return std::vector<ErrorSample>{
        {"channels", [] { conv2d(zeros({1, 4, 9, 9}), zeros({2, 3, 3, 3})); },
         "conv2d: weight has shape [2, 3, 3, 3], expected [O, 4, ...] for 4 channels of x in 1 groups"},
        {"window", [] { conv2d(zeros({1, 4, 9, 2}), zeros({2, 4, 3, 5}), {}, {.padding = {0, 1}}); },
         "conv2d: axis 3 of x [1, 4, 9, 2] has 4 elements with padding, fewer than the 5 of the window\n"
         "  hint: pad the input"},
        {"empty window", [] { conv2d(zeros({1, 4, 9, 2}), zeros({2, 4, 0, 1})); },
         "conv2d: weight has shape [2, 4, 0, 1], expected a window of at least 1"},
        {"dtype", [] { conv2d(zeros({1, 4, 9, 9}), zeros({2, 4, 3, 3}, DType::f16)); },
         "conv2d: weight is f16, expected f32\n  hint: convert with ops::cast"}};
  };
  return spec;
});

}  // namespace
}  // namespace triad::ops
