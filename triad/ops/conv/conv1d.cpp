#include "triad/ops/conv/conv1d.h"

#include <cmath>

#include "triad/ops/conv/conv2d.h"
#include "triad/ops/conv/conv_check.h"
#include "triad/ops/conv/conv_reference.h"
#include "triad/ops/shape/reshape.h"

namespace triad::ops {

// A picture of height 1: the same kernels, the same derivative.
Tensor conv1d(const Tensor& x, const Tensor& weight, const Tensor& bias, const Conv1dOptions& options) {
  check_conv_arguments("conv1d", x, weight, bias, {options.stride}, {options.padding}, options.groups);
  return squeeze(conv2d(unsqueeze(x, 2), unsqueeze(weight, 2), bias,
                        {.stride = {1, options.stride}, .padding = {0, options.padding}, .groups = options.groups}),
                 2);
}

namespace {

Sample conv1d_sample(std::string label, Tensor x, Tensor weight, Tensor bias, Conv1dOptions options) {
  const auto as_2d = [](const Tensor& t) { return t.defined() ? reshape(t, {t.size(0), t.size(1), 1, t.size(2)}) : t; };
  const int64_t steps = (x.size(2) + 2 * options.padding - weight.size(2)) / options.stride + 1;
  const int64_t outputs = x.size(0) * weight.size(0) * steps;
  const double flops = 2.0 * static_cast<double>(outputs * weight.size(1) * weight.size(2));
  const int64_t inputs = x.numel() + weight.numel();
  return {.label = std::move(label),
          .inputs = {std::move(x), std::move(weight), std::move(bias)},
          .run = [options](std::span<const Tensor> in) -> Tensors { return {conv1d(in[0], in[1], in[2], options)}; },
          .reference = [options, as_2d](std::span<const Tensor> in) -> Tensors {
            const Tensor y = naive_conv2d(
                as_2d(in[0]), as_2d(in[1]), in[2],
                {.stride = {1, options.stride}, .padding = {0, options.padding}, .groups = options.groups});
            return {reshape(y, {y.size(0), y.size(1), y.size(3)})};
          },
          .flops = flops,
          .min_bytes = 4.0 * static_cast<double>(inputs + outputs),
          .backward_flops = 2 * flops,
          .backward_min_bytes = 4.0 * static_cast<double>(2 * inputs + outputs)};
}

Workload conv1d_workload(const Shape& x) {
  return {.suite = "speech-256",
          .place = str(x, " to 256, window 3, stride 2"),
          .make =
              [=](SampleMaker& make) {
                return conv1d_sample("", make.normal(x), make.normal({256, x[1], 3}, 0.05), make.normal({256}),
                                     {.stride = 2, .padding = 1});
              },
          .attributes = {{"stride", 2}, {"padding", 1}}};
}

const RegisterOp registered([] {
  OpSpec spec{.name = "conv1d", .dtypes = kFloatingDTypes, .no_derivative = {}, .samples = {}, .errors = {}};
  spec.is_product = true;
  spec.samples = [](SampleMaker& make) {
    const auto t = [&](const Shape& shape) { return make.normal(shape, 0.5); };
    std::vector<Sample> samples;
    samples.push_back(conv1d_sample("small", t({2, 3, 9}), t({4, 3, 3}), t({4}), {}));
    samples.push_back(
        conv1d_sample("no bias, stride and padding", t({2, 5, 17}), t({7, 5, 5}), {}, {.stride = 2, .padding = 2}));
    samples.push_back(conv1d_sample("groups", t({2, 6, 11}), t({4, 3, 3}), t({4}), {.padding = 1, .groups = 2}));
    samples.push_back(
        conv1d_sample("one channel a group", t({1, 5, 8}), t({5, 1, 3}), t({5}), {.padding = 1, .groups = 5}));
    samples.push_back(conv1d_sample("window as long as the sound", t({2, 3, 4}), t({2, 3, 4}), t({2}), {}));
    samples.push_back(
        conv1d_sample("window longer than the unpadded sound", t({1, 2, 2}), t({3, 2, 5}), t({3}), {.padding = 2}));
    samples.push_back(conv1d_sample("stride beyond the window", t({1, 2, 13}), t({3, 2, 2}), {}, {.stride = 5}));
    samples.push_back(
        conv1d_sample("channels of a vector and one more", t({2, 17, 23}), t({33, 17, 3}), t({33}), {.padding = 1}));
    samples.push_back(conv1d_sample("one by one by one", t({1, 1, 1}), t({1, 1, 1}), t({1}), {}));
    Tensor holes = t({1, 3, 20});
    holes.mutable_data<double>()[3] = std::nan("");
    holes.mutable_data<double>()[34] = HUGE_VAL;
    samples.push_back(conv1d_sample("NaN and infinity spread over their windows", holes, t({4, 3, 3}), t({4}), {}));
    samples.push_back(conv1d_sample("empty batch", t({0, 3, 9}), t({4, 3, 3}), t({4}), {}));
    return samples;
  };
  spec.workloads = {conv1d_workload({32, 80, 200}), conv1d_workload({32, 256, 100})};
  spec.errors = [] {
    return std::vector<ErrorSample>{
        {"channels", [] { conv1d(zeros({1, 4, 9}), zeros({2, 3, 3})); },
         "conv1d: weight has shape [2, 3, 3], expected [O, 4, ...] for 4 channels of x in 1 groups"},
        {"length", [] { conv1d(zeros({1, 4, 2}), zeros({2, 4, 3})); },
         "conv1d: axis 2 of x [1, 4, 2] has 2 elements with padding, fewer than the 3 of the window\n"
         "  hint: pad the input"},
        {"stride", [] { conv1d(zeros({1, 4, 9}), zeros({2, 4, 3}), {}, {.stride = 0}); },
         "conv1d: stride is 0, expected at least 1"},
        {"padding", [] { conv1d(zeros({1, 4, 9}), zeros({2, 4, 3}), {}, {.padding = -1}); },
         "conv1d: padding is -1, expected at least 0"},
        {"groups", [] { conv1d(zeros({1, 4, 9}), zeros({2, 4, 3}), {}, {.groups = 3}); },
         "conv1d: groups is 3, expected a divisor of 4 channels of x and of 2 rows of weight"},
        {"bias", [] { conv1d(zeros({1, 4, 9}), zeros({2, 4, 3}), zeros({4})); },
         "conv1d: bias has shape [4], expected [2]"},
        {"axes", [] { conv1d(zeros({1, 4}), zeros({2, 4, 3})); }, "conv1d: x has shape [1, 4], expected 3 axes"}};
  };
  return spec;
});

}  // namespace
}  // namespace triad::ops
