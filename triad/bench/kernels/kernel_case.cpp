#include "triad/bench/kernels/kernel_case.h"

#include <algorithm>
#include <cmath>
#include <regex>
#include <set>

#include "triad/autograd/autograd.h"
#include "triad/ops/registry/comparison.h"

namespace triad::bench {
namespace {

using ops::Tensors;

constexpr uint64_t kSeed = 1;

bool has_backward(const ops::OpSpec& op, const ops::Workload& workload) {
  return op.no_derivative.empty() && workload.backward;
}

/// Every case there is; the order of suites is that of their names.
std::vector<KernelCase> all_cases() {
  std::vector<KernelCase> cases;
  for (const ops::OpSpec& op : ops::all_op_specs()) {
    for (const ops::Workload& workload : op.workloads) {
      for (const Pass pass : {Pass::forward, Pass::backward}) {
        if (pass == Pass::backward && !has_backward(op, workload)) continue;
        for (const DType dtype : {DType::f32, DType::bf16}) {
          if (std::find(op.dtypes.begin(), op.dtypes.end(), dtype) != op.dtypes.end())
            cases.push_back({&op, &workload, pass, dtype});
        }
      }
    }
  }
  std::stable_sort(cases.begin(), cases.end(),
                   [](const KernelCase& a, const KernelCase& b) { return a.workload->suite < b.workload->suite; });
  return cases;
}

std::string joined(const std::set<std::string>& names) {
  std::string out;
  for (const std::string& name : names) out += (out.empty() ? "" : ", ") + name;
  return out;
}

/// A name of a suite selects it, and so does its beginning up to a dash.
bool selects(const std::string& wanted, const std::string& suite) {
  return suite == wanted || suite.starts_with(wanted + "-");
}

void check_suites(const std::vector<std::string>& wanted, const std::vector<KernelCase>& cases) {
  std::set<std::string> suites;
  for (const KernelCase& c : cases) suites.insert(c.workload->suite);
  for (const std::string& name : wanted) {
    require<ValueError>(std::any_of(suites.begin(), suites.end(), [&](auto& s) { return selects(name, s); }), "bench",
                        "there is no suite ", name, Hint{"there are " + joined(suites)});
  }
}

void check_names(const std::vector<std::string>& wanted, const std::vector<KernelCase>& cases) {
  for (const std::string& name : wanted) {
    require<ValueError>(std::any_of(cases.begin(), cases.end(), [&](auto& c) { return c.name() == name; }), "bench",
                        "there is no case '", name, "'", Hint{"`triad bench list` shows them"});
  }
}

std::regex pattern_of(const std::string& text) {
  try {
    return std::regex(text);
  } catch (const std::regex_error& e) {
    fail<ValueError>("bench", "'", text, "' is no regular expression: ", e.what());
  }
}

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

std::string_view name_of(Pass pass) { return pass == Pass::forward ? "fwd" : "bwd"; }

std::string KernelCase::kernel() const { return str(op->name, ".", name_of(pass)); }

std::string KernelCase::name() const {
  return str(workload->suite, "/", kernel(), "/", workload->place, "/", name_of(dtype));
}

std::vector<KernelCase> find_cases(const CaseFilter& filter) {
  std::vector<KernelCase> cases = all_cases();
  check_suites(filter.suites, cases);
  check_names(filter.names, cases);
  const std::regex pattern = pattern_of(filter.kernel);
  const auto wants = [](const auto& list, const auto& matches) {
    return list.empty() || std::any_of(list.begin(), list.end(), matches);
  };
  std::erase_if(cases, [&](const KernelCase& c) {
    return !wants(filter.suites, [&](const std::string& s) { return selects(s, c.workload->suite); }) ||
           !wants(filter.dtypes, [&](DType d) { return d == c.dtype; }) ||
           !wants(filter.names, [&](const std::string& n) { return n == c.name(); }) ||
           !std::regex_search(c.kernel(), pattern);
  });
  require<ValueError>(!cases.empty(), "bench", "no case fits all that was asked for",
                      Hint{"`triad bench list` shows them"});
  return cases;
}

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
    cotangents_.push_back(problem.cotangents[i]);
  }
}

void Call::run() {
  if (problem_.kernel.pass == Pass::forward) {
    outputs_ = problem_.sample.run(leaves_);
    return;
  }
  for (const Tensor& leaf : leaves_)
    if (leaf.defined() && leaf.requires_grad()) set_grad(leaf, {});
  backward(reached_, cotangents_, /*retain_tape=*/true);
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
