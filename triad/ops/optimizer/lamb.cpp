#include "triad/ops/optimizer/lamb.h"

#include <cmath>

#include "triad/autograd/node.h"
#include "triad/ops/optimizer/adamw.h"
#include "triad/ops/registry/op_spec.h"
#include "triad/ops/shape/reshape.h"

namespace triad::ops {

namespace {
constexpr std::string_view kNoDerivative = "it changes parameters in place";
}

constinit KernelTable<LambUpdate> lamb_update{"lamb_step"};

void lamb_step(Tensor& parameters, const Tensor& gradients, Tensor& m, Tensor& v, std::span<const LambLayer> layers,
               const LambStep& options) {
  constexpr std::string_view kOp = "lamb_step";
  refuse_gradient(kOp, {parameters, gradients, m, v}, kNoDerivative);
  check_flat(kOp, "parameters", parameters, parameters);
  check_flat(kOp, "gradients", gradients, parameters);
  check_flat(kOp, "m", m, parameters);
  check_flat(kOp, "v", v, parameters);
  require<ValueError>(options.step >= 1, kOp, "step is ", options.step, ", expected at least 1");
  for (const LambLayer& layer : layers)
    require<ValueError>(layer.first >= 0 && layer.count >= 0 && layer.first + layer.count <= parameters.numel(), kOp,
                        "a layer covers elements ", layer.first, " to ", layer.first + layer.count, " of ",
                        parameters.numel());
  Tensor direction = empty_like(parameters);
  lamb_update(parameters.device(), {parameters, gradients, m, v, direction, layers, options});
}

namespace {

Tensors naive(std::span<const Tensor> in, std::span<const LambLayer> layers, const LambStep& o) {
  auto p = in[0].to_vector<double>(), m = in[2].to_vector<double>(), v = in[3].to_vector<double>();
  const auto g = in[1].to_vector<double>();
  for (const LambLayer& layer : layers) {
    std::vector<double> r;
    double p_square = 0, r_square = 0;
    for (auto i = static_cast<size_t>(layer.first); i < static_cast<size_t>(layer.first + layer.count); ++i) {
      const double gradient = g[i] * o.gradient_scale;
      m[i] = o.beta1 * m[i] + (1 - o.beta1) * gradient;
      v[i] = o.beta2 * v[i] + (1 - o.beta2) * gradient * gradient;
      const double m_hat = m[i] / (1 - std::pow(o.beta1, o.step)), v_hat = v[i] / (1 - std::pow(o.beta2, o.step));
      r.push_back(m_hat / (std::sqrt(v_hat) + o.eps) + (layer.adapts ? o.weight_decay * p[i] : 0));
      p_square += p[i] * p[i];
      r_square += r.back() * r.back();
    }
    const double trust = layer.adapts && p_square > 0 && r_square > 0 ? std::sqrt(p_square / r_square) : 1;
    for (size_t i = 0; i < r.size(); ++i) p[static_cast<size_t>(layer.first) + i] -= o.lr * trust * r[i];
  }
  return {from_values(p, in[0].shape()), from_values(m, in[0].shape()), from_values(v, in[0].shape())};
}

OpSpec make_spec() {
  OpSpec spec{.name = "lamb_step", .dtypes = {DType::f32}, .no_derivative = kNoDerivative, .samples = {}, .errors = {}};
  spec.samples = [](SampleMaker& make) {
    const auto sample = [](std::string label, Tensor p, Tensor g, Tensor m, Tensor v, std::vector<LambLayer> layers,
                           LambStep options) {
      const double n = static_cast<double>(p.numel());
      Sample s{.label = std::move(label), .inputs = {std::move(p), std::move(g), std::move(m), std::move(v)}};
      s.run = [layers, options](std::span<const Tensor> in) -> Tensors {
        Tensor values = clone(in[0]), first = clone(in[2]), second = clone(in[3]);
        lamb_step(values, ops::contiguous(in[1]), first, second, layers, options);
        return {values, first, second};
      };
      s.reference = [layers, options](std::span<const Tensor> in) { return naive(in, layers, options); };
      s.check_gradient = false;
      s.flops = 18 * n;
      s.min_bytes = 32 * n;
      return s;
    };
    const auto random = [&](int64_t n, std::string label, std::vector<LambLayer> layers, LambStep options) {
      return sample(std::move(label), make.normal({n}), make.normal({n}), make.normal({n}, 0.1),
                    make.uniform({n}, 0, 1), std::move(layers), options);
    };
    Sample hostile = random(100, "hostile gradients reach their own layer only", {{0, 37, true}, {37, 63, true}}, {});
    hostile.inputs[1].mutable_data<double>()[5] = std::nan("");
    return std::vector<Sample>{
        hostile,
        random(100, "two layers and a gap", {{0, 37, true}, {48, 52, false}}, {.step = 1}),
        random(3000, "one layer", {{0, 3000, true}}, {.lr = 0.05, .step = 9, .gradient_scale = 0.4}),
        sample("parameters of zero move by ratio 1", full({16}, 0, DType::f64), make.normal({16}),
               full({16}, 0, DType::f64), full({16}, 0, DType::f64), {{0, 16, true}}, {}),
        sample("no gradient, no decay: nothing moves", make.normal({16}), full({16}, 0, DType::f64),
               full({16}, 0, DType::f64), full({16}, 0, DType::f64), {{0, 16, true}}, {.weight_decay = 0}),
        random(0, "none", {}, {})};
  };
  spec.errors = [] {
    return std::vector<ErrorSample>{{"layer",
                                     [] {
                                       Tensor p = zeros({3}), m = zeros({3}), v = zeros({3});
                                       const LambLayer layer{2, 2, true};
                                       lamb_step(p, zeros({3}), m, v, {&layer, 1}, {});
                                     },
                                     "lamb_step: a layer covers elements 2 to 4 of 3"}};
  };
  return spec;
}

const RegisterOp registered(&make_spec);

}  // namespace
}  // namespace triad::ops
