#include "triad/ops/optimizer/sgd.h"

#include "triad/autograd/node.h"
#include "triad/ops/optimizer/adamw.h"
#include "triad/ops/registry/op_spec.h"
#include "triad/ops/shape/reshape.h"

namespace triad::ops {

namespace {
constexpr std::string_view kNoDerivative = "it changes parameters in place";
}

constinit KernelTable<SgdUpdate> sgd_update{"sgd_step"};

void sgd_step(Tensor& parameters, const Tensor& gradients, Tensor& buffer, const SgdStep& options) {
  constexpr std::string_view kOp = "sgd_step";
  refuse_gradient(kOp, {parameters, gradients, buffer}, kNoDerivative);
  check_flat(kOp, "parameters", parameters, parameters);
  check_flat(kOp, "gradients", gradients, parameters);
  check_flat(kOp, "buffer", buffer, parameters);
  require<ValueError>(options.decayed >= 0 && options.decayed <= parameters.numel(), kOp, "decayed is ",
                      options.decayed, ", expected 0 to ", parameters.numel());
  sgd_update(parameters.device(), {parameters, gradients, buffer, options});
}

namespace {

Tensors naive(std::span<const Tensor> in, const SgdStep& o) {
  auto p = in[0].to_vector<double>(), buffer = in[2].to_vector<double>();
  const auto g = in[1].to_vector<double>();
  for (size_t i = 0; i < p.size(); ++i) {
    const double decay = static_cast<int64_t>(i) < o.decayed ? o.weight_decay : 0;
    const double gradient = g[i] * o.gradient_scale + decay * p[i];
    buffer[i] = o.momentum * buffer[i] + gradient;
    p[i] -= o.lr * (o.nesterov ? gradient + o.momentum * buffer[i] : buffer[i]);
  }
  return {from_values(p, in[0].shape()), from_values(buffer, in[0].shape())};
}

OpSpec make_spec() {
  OpSpec spec{.name = "sgd_step", .dtypes = {DType::f32}, .no_derivative = kNoDerivative, .samples = {}, .errors = {}};
  spec.samples = [](SampleMaker& make) {
    const auto sample = [&](std::string label, int64_t n, SgdStep options) {
      Sample s{.label = std::move(label), .inputs = {make.normal({n}), make.normal({n}), make.normal({n})}};
      s.run = [options](std::span<const Tensor> in) -> Tensors {
        Tensor p = clone(in[0]), buffer = clone(in[2]);
        sgd_step(p, ops::contiguous(in[1]), buffer, options);
        return {p, buffer};
      };
      s.reference = [options](std::span<const Tensor> in) { return naive(in, options); };
      s.check_gradient = false;
      s.flops = static_cast<double>(6 * n);
      s.min_bytes = static_cast<double>(20 * n);
      return s;
    };
    Sample hostile = sample("hostile gradients reach their own parameters only", 50, {.momentum = 0.9});
    hostile.inputs[1] = make.hostile({50});
    return std::vector<Sample>{
        hostile,
        sample("plain", 100, {.lr = 0.1}),
        sample("momentum and decay", 1001, {.lr = 0.1, .momentum = 0.9, .weight_decay = 0.1, .decayed = 500}),
        sample("nesterov", 301, {.lr = 0.1, .momentum = 0.9, .nesterov = true, .weight_decay = 0.1, .decayed = 100}),
        sample("more than a block", 70001, {.momentum = 0.5, .gradient_scale = 0.1}),
        sample("none", 0, {})};
  };
  spec.errors = [] {
    return std::vector<ErrorSample>{{"decayed",
                                     [] {
                                       Tensor p = zeros({3}), buffer = zeros({3});
                                       sgd_step(p, zeros({3}), buffer, {.decayed = 4});
                                     },
                                     "sgd_step: decayed is 4, expected 0 to 3"}};
  };
  return spec;
}

const RegisterOp registered(&make_spec);

}  // namespace
}  // namespace triad::ops
