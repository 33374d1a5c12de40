#include "triad/ops/optimizer/adamw.h"

#include <cmath>

#include "triad/autograd/node.h"
#include "triad/ops/registry/op_spec.h"
#include "triad/ops/shape/reshape.h"

namespace triad::ops {

namespace {
constexpr std::string_view kNoDerivative = "it changes parameters in place";
}

constinit KernelTable<AdamWUpdate> adamw_update{"adamw_step"};

void check_flat(std::string_view op, std::string_view argument, const Tensor& t, const Tensor& parameters) {
  check_rank(op, argument, t, 1);
  check_shape(op, argument, t, parameters.shape());
  require<DTypeError>(t.dtype() == DType::f32, op, argument, " is ", t.dtype(), ", expected f32");
  require<ShapeError>(t.is_contiguous(), op, argument, " is not contiguous");
  check_same_device(op, argument, t, parameters);
}

void adamw_step(Tensor& parameters, const Tensor& gradients, Tensor& m, Tensor& v, const AdamWStep& options) {
  constexpr std::string_view kOp = "adamw_step";
  refuse_gradient(kOp, {parameters, gradients, m, v}, kNoDerivative);
  check_flat(kOp, "parameters", parameters, parameters);
  check_flat(kOp, "gradients", gradients, parameters);
  check_flat(kOp, "m", m, parameters);
  check_flat(kOp, "v", v, parameters);
  require<ValueError>(options.step >= 1, kOp, "step is ", options.step, ", expected at least 1");
  require<ValueError>(options.decayed >= 0 && options.decayed <= parameters.numel(), kOp, "decayed is ",
                      options.decayed, ", expected 0 to ", parameters.numel());
  adamw_update(parameters.device(), {parameters, gradients, m, v, options});
}

namespace {

/// In f64, element by element.
Tensors naive(std::span<const Tensor> in, const AdamWStep& o) {
  auto p = in[0].to_vector<double>(), m = in[2].to_vector<double>(), v = in[3].to_vector<double>();
  const auto g = in[1].to_vector<double>();
  for (size_t i = 0; i < p.size(); ++i) {
    const double gradient = g[i] * o.gradient_scale;
    if (static_cast<int64_t>(i) < o.decayed) p[i] -= o.lr * o.weight_decay * p[i];
    m[i] = o.beta1 * m[i] + (1 - o.beta1) * gradient;
    v[i] = o.beta2 * v[i] + (1 - o.beta2) * gradient * gradient;
    const double m_hat = m[i] / (1 - std::pow(o.beta1, o.step)), v_hat = v[i] / (1 - std::pow(o.beta2, o.step));
    p[i] -= o.lr * m_hat / (std::sqrt(v_hat) + o.eps);
  }
  return {from_values(p, in[0].shape()), from_values(m, in[0].shape()), from_values(v, in[0].shape())};
}

OpSpec make_spec() {
  OpSpec spec{
      .name = "adamw_step", .dtypes = {DType::f32}, .no_derivative = kNoDerivative, .samples = {}, .errors = {}};
  spec.samples = [](SampleMaker& make) {
    const auto sample = [&](std::string label, int64_t n, AdamWStep options) {
      Sample s{.label = std::move(label),
               .inputs = {make.normal({n}), make.normal({n}), make.normal({n}, 0.1), make.uniform({n}, 0, 1)}};
      s.run = [options](std::span<const Tensor> in) -> Tensors {
        Tensor p = clone(in[0]), m = clone(in[2]), v = clone(in[3]);
        adamw_step(p, ops::contiguous(in[1]), m, v, options);
        return {p, m, v};
      };
      s.reference = [options](std::span<const Tensor> in) { return naive(in, options); };
      s.check_gradient = false;
      s.flops = static_cast<double>(14 * n);
      s.min_bytes = static_cast<double>(28 * n);
      return s;
    };
    Sample hostile = sample("hostile gradients reach their own parameters only", 50, {.step = 2, .decayed = 20});
    hostile.inputs[1] = make.hostile({50});
    return std::vector<Sample>{
        hostile,
        sample("first step", 100, {.step = 1, .decayed = 37}),
        sample("later, clipped", 1000, {.lr = 0.1, .step = 12, .gradient_scale = 0.3, .decayed = 1000}),
        sample("more than a block", 70001, {.step = 3, .decayed = 66000}),
        sample("one", 1, {}),
        sample("none", 0, {})};
  };
  spec.workloads = {{"text-base", "16 M parameters", [](SampleMaker& make) {
                       constexpr int64_t n = int64_t{1} << 24;
                       const AdamWStep options{.step = 3, .decayed = n};
                       Sample s{.label = "",
                                .inputs = {make.uniform({n}, -1, 1), make.uniform({n}, -1, 1),
                                           make.uniform({n}, -0.1, 0.1), make.uniform({n}, 0, 1)}};
                       s.run = [options](std::span<const Tensor> in) -> Tensors {
                         Tensor p = in[0], m = in[2], v = in[3];
                         adamw_step(p, in[1], m, v, options);
                         return {p, m, v};
                       };
                       s.reference = [options](std::span<const Tensor> in) { return naive(in, options); };
                       s.flops = 14.0 * n;
                       s.min_bytes = 28.0 * n;
                       return s;
                     }}};
  spec.errors = [] {
    return std::vector<ErrorSample>{{"step",
                                     [] {
                                       Tensor p = zeros({3}), m = zeros({3}), v = zeros({3});
                                       adamw_step(p, zeros({3}), m, v, {.step = 0});
                                     },
                                     "adamw_step: step is 0, expected at least 1"},
                                    {"shape",
                                     [] {
                                       Tensor p = zeros({3}), m = zeros({4}), v = zeros({3});
                                       adamw_step(p, zeros({3}), m, v, {});
                                     },
                                     "adamw_step: m has shape [4], expected [3]"}};
  };
  return spec;
}

const RegisterOp registered(&make_spec);

}  // namespace
}  // namespace triad::ops
