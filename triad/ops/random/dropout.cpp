#include "triad/ops/random/dropout.h"

#include <cmath>
#include <limits>

#include "triad/autograd/node.h"
#include "triad/ops/registry/op_spec.h"

namespace triad::ops {

constinit KernelTable<DropoutApply> dropout_apply{"dropout"};

Tensor dropout(const Tensor& x_in, double p, const RandomKey& key) {
  check_floating("dropout", "x", x_in);
  require<ValueError>(p >= 0 && p < 1, "dropout", "p is ", p, ", expected at least 0 and below 1");
  if (p == 0) return x_in;
  const Tensor x = contiguous(x_in.detach());
  Tensor y = empty_like(x);
  dropout_apply(x.device(), {x, p, key, y});
  return record("dropout", {x_in}, y, {}, [p, key](const Backward& b) -> Gradients {
    const Tensor dy = contiguous(b.dy());
    Tensor dx = empty_like(dy);
    dropout_apply(dx.device(), {dy, p, key, dx});
    return {dx};
  });
}

namespace {

Tensors naive(const Tensor& x, double p, const RandomKey& key) {
  std::vector<double> values = x.to_vector<double>();
  const int64_t row = x.rank() == 0 ? 1 : x.numel() / std::max<int64_t>(x.size(0), 1);
  for (int64_t at = 0; at < x.numel(); ++at) {
    const auto i = static_cast<uint32_t>(at / row), j = static_cast<uint32_t>(at % row);
    const bool dropped = key.block(j / 4, i)[j % 4] < static_cast<uint32_t>(std::ldexp(p, 32));
    double& v = values[static_cast<size_t>(at)];
    v = dropped ? 0 : v / (1 - p);
  }
  return {from_values(values, x.shape())};
}

const RegisterOp registered([] {
  OpSpec spec{.name = "dropout", .dtypes = kFloatingDTypes, .no_derivative = {}, .samples = {}, .errors = {}};
  const RandomKey key{.seed = 0x123456789abcdef0, .step = 7, .site = 0xdeadbeef, .sample = 12};
  const auto sample = [key](std::string label, Tensor x, double p) {
    const double n = static_cast<double>(x.numel());
    return Sample{.label = std::move(label),
                  .inputs = {std::move(x)},
                  .run = [=](std::span<const Tensor> in) -> Tensors { return {dropout(in[0], p, key)}; },
                  .reference = [=](std::span<const Tensor> in) { return naive(in[0], p, key); },
                  .flops = 20 * n,
                  .min_bytes = 8 * n,
                  .backward_flops = 20 * n,
                  .backward_min_bytes = 8 * n};
  };
  spec.samples = [sample](SampleMaker& make) {
    constexpr double kInf = std::numeric_limits<double>::infinity();
    std::vector<Sample> samples = {
        sample("matrix", make.normal({5, 37}), 0.3),
        sample("three axes", make.normal({3, 4, 33}), 0.1),
        sample("long samples, several pieces", make.normal({2, 9000}), 0.5),
        sample("one axis: samples of one element", make.normal({50}), 0.5),
        sample("scalar", make.normal({}), 0.5),
        sample("no samples", make.normal({0, 4}), 0.5),
        sample("empty samples", make.normal({4, 0}), 0.5),
        sample("p = 0", make.normal({4, 5}), 0),
        sample("p = 0.9999", make.normal({4, 500}), 0.9999),
        sample("hostile", from_values({kInf, -kInf, std::nan(""), 1.0, kInf, -kInf, std::nan(""), 0.0}, {2, 4}), 0.5)};
    samples.back().check_gradient = false;
    return samples;
  };
  for (const auto& [suite, batch, tokens, width] :
       {std::tuple{"text-mini", 32, 128, 256}, {"text-base", 4, 128, 768}}) {
    spec.workloads.push_back({suite, str("hidden states ", batch, "x", tokens, "x", width),
                              [=](SampleMaker& make) { return sample("", make.normal({batch, tokens, width}), 0.1); }});
  }
  spec.errors = [] {
    return std::vector<ErrorSample>{
        {"integers", [] { dropout(zeros({2}, DType::i64), 0.1, {}); }, "dropout: x is i64, expected a floating dtype"},
        {"p = 1", [] { dropout(zeros({2}), 1, {}); }, "dropout: p is 1, expected at least 0 and below 1"},
        {"p NaN", [] { dropout(zeros({2}), std::nan(""), {}); }, "dropout: p is nan, expected at least 0 and below 1"}};
  };
  return spec;
});

}  // namespace
}  // namespace triad::ops
