#include "triad/ops/activation/gelu.h"

#include <cmath>
#include <limits>
#include <numbers>

#include "triad/autograd/node.h"
#include "triad/ops/registry/op_spec.h"

namespace triad::ops {

constinit KernelTable<GeluForward> gelu_forward{"gelu"};
constinit KernelTable<GeluBackward> gelu_backward{"gelu backward"};

Tensor gelu(const Tensor& x_in, GeluForm form) {
  check_floating("gelu", "x", x_in);
  const Tensor x = contiguous(x_in.detach());
  Tensor y = empty_like(x);
  gelu_forward(x.device(), {x, form, y});
  return record("gelu", {x_in}, y, {x}, [form](const Backward& b) -> Gradients {
    Tensor dx = empty_like(b.saved(0));
    gelu_backward(dx.device(), {b.saved(0), form, contiguous(b.dy()), dx});
    return {dx};
  });
}

namespace {

Tensors naive(const Tensor& x, GeluForm form) {
  std::vector<double> values = x.to_vector<double>();
  for (double& v : values) {
    const double inner = std::sqrt(2 / std::numbers::pi) * (v + 0.044715 * v * v * v);
    // 1 + tanh(u) loses all digits at u = -20; 2/(1 + exp(-2u)) is the same number.
    v *= form == GeluForm::erf ? 0.5 * std::erfc(-v / std::numbers::sqrt2) : 1 / (1 + std::exp(-2 * inner));
  }
  return {from_values(values, x.shape())};
}

const RegisterOp registered([] {
  OpSpec spec{.name = "gelu", .dtypes = kFloatingDTypes, .no_derivative = {}, .samples = {}, .errors = {}};
  const auto sample = [](std::string label, Tensor x, GeluForm form) {
    const double n = static_cast<double>(x.numel());
    return Sample{.label = std::move(label),
                  .inputs = {std::move(x)},
                  .run = [form](std::span<const Tensor> in) -> Tensors { return {gelu(in[0], form)}; },
                  .reference = [form](std::span<const Tensor> in) { return naive(in[0], form); },
                  .flops = 40 * n,
                  .min_bytes = 8 * n,
                  .backward_flops = 60 * n,
                  .backward_min_bytes = 12 * n};
  };
  spec.samples = [sample](SampleMaker& make) {
    std::vector<Sample> samples;
    const auto add = [&](std::string label, Tensor x, GeluForm form) {
      samples.push_back(sample(std::move(label), std::move(x), form));
    };
    constexpr double kInf = std::numeric_limits<double>::infinity();
    for (const GeluForm form : {GeluForm::erf, GeluForm::tanh}) {
      const std::string name = form == GeluForm::erf ? "erf: " : "tanh: ";
      add(name + "matrix", make.normal({5, 37}, 2), form);
      add(name + "scalar", make.normal({}), form);
      add(name + "empty", make.normal({0, 3}), form);
      add(name + "three axes, whole vectors", make.normal({2, 4, 16}, 3), form);
      add(name + "more than a chunk", make.normal({3, 1111}), form);
      add(name + "far tails", make.uniform({101}, -13, 13), form);
      add(name + "hostile", from_values({0.0, -0.0, 1e4, -1e4, 60000.0, kInf, -kInf, std::nan("")}, {8}), form);
      samples.back().check_gradient = false;
    }
    return samples;
  };
  for (const auto& [suite, rows, width] : {std::tuple{"text-mini", 4096, 1024},
                                           {"image-6x192", 4096, 768},
                                           {"text-base", 512, 3072},
                                           {"vit-b16", 784, 3072}}) {
    spec.workloads.push_back({suite,
                              str("feed-forward ", rows, "x", width),
                              [=](SampleMaker& make) { return sample("", make.normal({rows, width}), GeluForm::erf); },
                              {{"tanh", 0}}});
  }
  spec.errors = [] {
    return std::vector<ErrorSample>{
        {"integers", [] { gelu(zeros({2}, DType::i64)); }, "gelu: x is i64, expected a floating dtype"}};
  };
  return spec;
});

}  // namespace
}  // namespace triad::ops
