#include "triad/bench/kernels/problem.h"

#include <algorithm>
#include <cmath>

#include "triad/autograd/autograd.h"
#include "triad/ops/registry/comparison.h"

namespace triad::bench {
namespace {

using ops::Tensors;

constexpr uint64_t kSeed = 1;

Tensors cotangents_for(const Tensors& outputs, DType dtype) {
  ops::SampleMaker make(kSeed + 1);
  Tensors out;
  for (const Tensor& y : outputs)
    out.push_back(y.requires_grad() ? clone_as(clone_as(make.normal(y.shape()), dtype), y.dtype()) : Tensor());
  return out;
}

/// A gradient in bf16 has gone through more roundings than a result: of what was saved, and of every step of an LSTM.
double tolerance_of(const Problem& problem) {
  const double once = ops::tolerance_of(problem.sample, problem.kernel.dtype);
  return problem.kernel.pass == Pass::backward && problem.kernel.dtype == DType::bf16 ? 4 * once : once;
}

bool all_zero(const Tensor& t) {
  const std::vector<double> values = t.to_vector<double>();
  return std::all_of(values.begin(), values.end(), [](double v) { return v == 0; });
}

}  // namespace

Problem make_problem(const KernelCase& kernel) {
  ops::SampleMaker make(kSeed);
  Problem problem{
      .kernel = kernel, .sample = kernel.workload->make(make), .inputs = {}, .cotangents = {}, .expected = {}};
  problem.inputs = ops::inputs_as(problem.sample.inputs, kernel.dtype);
  for (size_t i = 0; i < problem.inputs.size(); ++i) {
    const Tensor& t = problem.inputs[i];
    require<ValueError>(!t.defined() || !is_floating(t.dtype()) || t.numel() == 0 || !all_zero(t), kernel.name(),
                        "input ", i, " is all zeros, which some processors multiply faster");
  }
  const Tensors exact = ops::inputs_as(problem.inputs, DType::f64);
  if (kernel.pass == Pass::forward) {
    problem.expected = problem.sample.reference(exact);
    return problem;
  }
  {
    Tensors leaves;
    for (const Tensor& t : problem.inputs)
      leaves.push_back(t.defined() && is_floating(t.dtype()) ? requires_grad(clone(t)) : t);
    problem.cotangents = cotangents_for(problem.sample.run(leaves), kernel.dtype);
  }
  Problem in_f64 = problem;
  in_f64.cotangents = ops::inputs_as(problem.cotangents, DType::f64);
  Call call(in_f64, exact);
  call.run();
  problem.expected = call.results();
  return problem;
}

double Problem::flops() const { return kernel.pass == Pass::forward ? sample.flops : sample.backward_flops; }

double Problem::bytes() const {
  const double in_f32 = kernel.pass == Pass::forward ? sample.min_bytes : sample.backward_min_bytes;
  return in_f32 * static_cast<double>(size_of(kernel.dtype)) / 4;
}

Call::Call(const Problem& problem, const Tensors& inputs) : problem_(problem) {
  const bool differentiable = problem.kernel.op->no_derivative.empty();
  for (const Tensor& t : inputs)
    leaves_.push_back(differentiable && t.defined() && is_floating(t.dtype()) ? requires_grad(t.detach()) : t);
  if (problem.kernel.pass == Pass::forward) return;
  const Tensors outputs = problem.sample.run(leaves_);
  for (size_t i = 0; i < outputs.size(); ++i) {
    if (!problem.cotangents[i].defined()) continue;
    reached_.push_back(outputs[i]);
    cotangents_.push_back(clone(problem.cotangents[i]));  // of each set of inputs its own, or it lies in the caches
  }
}

void Call::run() {
  if (problem_.kernel.pass == Pass::forward) {
    outputs_ = problem_.sample.run(leaves_);
    return;
  }
  release();
  backward(reached_, cotangents_, /*retain_tape=*/true);
}

void Call::release() {
  outputs_.clear();
  for (const Tensor& leaf : leaves_)
    if (leaf.defined() && leaf.requires_grad()) set_grad(leaf, {});
}

Tensors Call::results() const {
  if (problem_.kernel.pass == Pass::forward) return outputs_;
  Tensors gradients;
  for (const Tensor& leaf : leaves_)
    if (!leaf.defined() || leaf.requires_grad()) gradients.push_back(leaf.defined() ? grad(leaf) : Tensor());
  return gradients;
}

std::string fault_of(const Problem& problem, const Tensors& results) {
  const Tensors& expected = problem.expected;
  if (results.size() != expected.size()) return str(results.size(), " results, expected ", expected.size());
  const double tolerance = tolerance_of(problem);
  for (size_t i = 0; i < results.size(); ++i) {
    if (!expected[i].defined()) continue;
    if (!results[i].defined()) return str("result ", i, " is missing");
    std::vector<double> want = expected[i].to_vector<double>(), got = results[i].to_vector<double>();
    double squares = 0;
    for (const double v : want) squares += v * v;
    const double unit = std::max(1.0, std::sqrt(squares / std::max(1.0, static_cast<double>(want.size()))));
    for (double& v : want) v /= unit;
    for (double& v : got) v /= unit;
    const ops::Comparison comparison =
        ops::compare(from_values(got, results[i].shape()), from_values(want, expected[i].shape()), tolerance);
    if (!comparison.passed) return str("result ", i, ": ", comparison.message);
  }
  return "";
}

}  // namespace triad::bench
