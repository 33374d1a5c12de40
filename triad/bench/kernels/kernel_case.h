// What `triad bench run` can time: the workloads of every op, forward and backward, in each dtype.
#pragma once

#include <string>
#include <vector>

#include "triad/ops/registry/op_spec.h"

namespace triad::bench {

enum class Pass { forward, backward };
/// "fwd", "bwd"
std::string_view name_of(Pass pass);

struct KernelCase {
  const ops::OpSpec* op = nullptr;
  const ops::Workload* workload = nullptr;
  Pass pass = Pass::forward;
  DType dtype = DType::f32;

  /// "layer_norm.fwd"
  std::string kernel() const;
  /// "text-base/layer_norm.fwd/hidden states 512x768/bf16"
  std::string name() const;
};

/// Which cases are wanted; an empty list wants all.
struct CaseFilter {
  std::vector<std::string> suites;  ///< names or their beginnings: "text" is text-mini and text-base
  std::string kernel;               ///< an ECMAScript regular expression, found in "layer_norm.fwd"
  std::vector<DType> dtypes;
  std::vector<std::string> names;  ///< of cases, whole
};

/// The cases that `filter` wants, by suite, then by op. ValueError if it is no regular expression, names a suite or a case
/// that does not exist, or if nothing is left.
std::vector<KernelCase> find_cases(const CaseFilter& filter);

/// A case with its numbers: inputs on which it runs and what has to come out.
struct Problem {
  KernelCase kernel;
  ops::Sample sample;
  ops::Tensors inputs;      ///< in the dtype of the case
  ops::Tensors cotangents;  ///< of the outputs, for the backward pass; undefined where none flows
  ops::Tensors expected;    ///< f64: outputs, or gradients of the floating inputs, undefined for undefined inputs

  double flops() const;
  /// In the dtype of the case.
  double bytes() const;
};

/// Random inputs, and results in f64: of the op's reference, or for the backward pass of the op's own f64 kernel, which the
/// tests hold against finite differences. ValueError for inputs that are all zero: some processors multiply them faster.
Problem make_problem(const KernelCase& kernel);

/// Outputs of a call, and, for a backward pass, gradients of the floating inputs in their order.
struct Call {
  explicit Call(const Problem& problem, const ops::Tensors& inputs);
  /// Runs the pass of the problem once. A backward pass runs on the tape of the first call.
  void run();
  /// What the last run made.
  ops::Tensors results() const;

 private:
  const Problem& problem_;
  ops::Tensors leaves_, outputs_, reached_, cotangents_;
};

/// What is wrong with `results`; empty if each value lies within the sample's tolerance. Errors are relative to the value and
/// to the root of the mean square of all of them: sums over thousands of rows cannot be exact to the size of a term.
std::string fault_of(const Problem& problem, const ops::Tensors& results);

}  // namespace triad::bench
