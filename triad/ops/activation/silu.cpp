#include "triad/ops/activation/silu.h"

#include <cmath>
#include <limits>

#include "triad/autograd/node.h"
#include "triad/ops/registry/op_spec.h"

namespace triad::ops {

constinit KernelTable<SiluForward> silu_forward{"silu"};
constinit KernelTable<SiluBackward> silu_backward{"silu backward"};

Tensor silu(const Tensor& x_in) {
  check_floating("silu", "x", x_in);
  const Tensor x = contiguous(x_in.detach());
  Tensor y = empty_like(x);
  silu_forward(x.device(), {x, y});
  return record("silu", {x_in}, y, {x}, [](const Backward& b) -> Gradients {
    Tensor dx = empty_like(b.saved(0));
    silu_backward(dx.device(), {b.saved(0), contiguous(b.dy()), dx});
    return {dx};
  });
}

namespace {

Tensors naive(const Tensor& x) {
  std::vector<double> values = x.to_vector<double>();
  for (double& v : values) v *= 1 / (1 + std::exp(-v));
  return {from_values(values, x.shape())};
}

const RegisterOp registered([] {
  OpSpec spec{.name = "silu", .dtypes = kFloatingDTypes, .no_derivative = {}, .samples = {}, .errors = {}};
  spec.samples = [](SampleMaker& make) {
    const auto sample = [](std::string label, Tensor x) {
      const double n = static_cast<double>(x.numel());
      return Sample{.label = std::move(label),
                    .inputs = {std::move(x)},
                    .run = [](std::span<const Tensor> in) -> Tensors { return {silu(in[0])}; },
                    .reference = [](std::span<const Tensor> in) { return naive(in[0]); },
                    .flops = 20 * n,
                    .min_bytes = 8 * n};
    };
    constexpr double kInf = std::numeric_limits<double>::infinity();
    std::vector<Sample> samples = {
        sample("matrix", make.normal({5, 37}, 2)),
        sample("scalar", make.normal({})),
        sample("empty", make.normal({0, 3})),
        sample("more than a chunk", make.normal({2, 2111})),
        sample("far tails", make.uniform({101}, -90, 90)),
        sample("hostile", from_values({0.0, -0.0, 1e4, -1e4, 60000.0, kInf, -kInf, std::nan("")}, {8}))};
    samples.back().check_gradient = false;
    return samples;
  };
  spec.errors = [] {
    return std::vector<ErrorSample>{
        {"integers", [] { silu(zeros({2}, DType::i64)); }, "silu: x is i64, expected a floating dtype"}};
  };
  return spec;
});

}  // namespace
}  // namespace triad::ops
