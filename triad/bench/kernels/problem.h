// A case with numbers: what a provider is given, and whether it was right.
#pragma once

#include <string>

#include "triad/bench/kernels/kernel_case.h"

namespace triad::bench {

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
  /// What the last run made, unless released.
  ops::Tensors results() const;
  /// Gives back what the last run made.
  void release();

 private:
  const Problem& problem_;
  ops::Tensors leaves_, outputs_, reached_, cotangents_;
};

/// What is wrong with `results`; empty if each value lies within the sample's tolerance. Errors are relative to the value and
/// to the root of the mean square of all of them: sums over thousands of rows cannot be exact to the size of a term.
std::string fault_of(const Problem& problem, const ops::Tensors& results);

}  // namespace triad::bench
