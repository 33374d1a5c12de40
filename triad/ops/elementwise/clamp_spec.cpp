// The specifications of clamp and logical_not, which binary.cpp composes of its functions.
#include <cmath>

#include "triad/ops/elementwise/binary.h"
#include "triad/ops/registry/op_spec.h"

namespace triad::ops {
namespace {

constexpr double kInf = std::numeric_limits<double>::infinity();

const RegisterOp registered_clamp([] {
  OpSpec spec{.name = "clamp", .dtypes = kFloatingDTypes, .no_derivative = {}, .samples = {}, .errors = {}};
  spec.samples = [](SampleMaker& make) {
    const auto sample = [](std::string label, Tensor x, double low, double high) {
      const double n = static_cast<double>(x.numel());
      return Sample{.label = std::move(label),
                    .inputs = {std::move(x)},
                    .run = [=](std::span<const Tensor> in) -> Tensors { return {clamp(in[0], low, high)}; },
                    .reference = [=](std::span<const Tensor> in) -> Tensors {
                      std::vector<double> values = in[0].to_vector<double>();
                      for (double& v : values) v = v < low ? low : v > high ? high : v;
                      return {from_values(values, in[0].shape())};
                    },
                    .flops = 2 * n,
                    .min_bytes = 8 * n};
    };
    Sample hostile = sample("hostile values, and the bounds themselves",
                            from_values({0.0, -0.0, kInf, -kInf, std::nan(""), -0.75, 1.25}, {7}), -0.75, 1.25);
    hostile.check_gradient = false;
    return std::vector<Sample>{sample("both sides", make.distinct({5, 41}), -0.75, 1.25),
                               sample("one bound", make.distinct({33}), -kInf, 0.25),
                               sample("one value", make.distinct({7}), 0.5, 0.5),
                               sample("scalar", from_values({3.0}, {}), -1, 1),
                               sample("empty", make.normal({0, 3}), -1, 1),
                               hostile};
  };
  spec.errors = [] {
    return std::vector<ErrorSample>{{"order", [] { clamp(zeros({2}), 1, 0); }, "clamp: low 1 is above high 0"}};
  };
  return spec;
});

const RegisterOp registered_logical_not([] {
  OpSpec spec{.name = "logical_not",
              .dtypes = {DType::f32, DType::bf16, DType::f16, DType::f64, DType::i64, DType::boolean},
              .no_derivative = "its value is a truth value",
              .samples = {},
              .errors = [] { return std::vector<ErrorSample>{}; },
              .no_errors = "every dtype has a zero"};
  spec.samples = [](SampleMaker& make) {
    const auto sample = [](std::string label, Tensor x) {
      const double n = static_cast<double>(x.numel());
      return Sample{.label = std::move(label),
                    .inputs = {std::move(x)},
                    .run = [](std::span<const Tensor> in) -> Tensors { return {logical_not(in[0])}; },
                    .reference = [](std::span<const Tensor> in) -> Tensors {
                      const std::vector<double> values = in[0].to_vector<double>();
                      Tensor y = empty(in[0].shape(), DType::boolean);
                      for (size_t i = 0; i < values.size(); ++i) y.mutable_data<bool>()[i] = values[i] == 0;
                      return {y};
                    },
                    .flops = n,
                    .min_bytes = 5 * n};
    };
    return std::vector<Sample>{
        sample("truth values", make.mask({3, 50}, 0.5)),
        sample("numbers", from_values({0.0, 1.0, -3.0, 0.0, 2.0}, {5})),
        sample("signed zeros, NaN and infinity", from_values({0.0, -0.0, std::nan(""), kInf, -kInf}, {5})),
        sample("scalar", from_values({0.0}, {})), sample("empty", make.normal({0}))};
  };
  return spec;
});

}  // namespace
}  // namespace triad::ops
