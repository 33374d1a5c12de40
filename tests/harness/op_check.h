// The checks every op must pass, driven by its OpSpec.
#pragma once

#include <string>
#include <vector>

#include "triad/ops/registry/op_spec.h"

namespace triad::harness {

/// What a check found: all failures in words, and how many comparisons were made. No comparison is a failure too.
struct Report {
  std::vector<std::string> failures;
  int64_t comparisons = 0;  ///< of at least one element each

  bool passed() const { return failures.empty() && comparisons > 0; }
  std::string text() const;
};

/// run against reference for every dtype; inputs must come out unchanged, and views share the memory of the first.
Report check_values(const ops::OpSpec& spec);
/// The same values from transposed, sliced and offset inputs, whose gaps hold NaN.
Report check_views(const ops::OpSpec& spec);
/// f64: the derivative against central differences, with a random cotangent.
Report check_gradient(const ops::OpSpec& spec);
/// Every dtype: the derivative against the one in f64 at the same (rounded) inputs and cotangents; views as inputs too.
Report check_gradient_dtypes(const ops::OpSpec& spec);
/// The gradient of each input, where no other input wants one, has the bits it has where all do: what training leaves out
/// (the gradient of a picture, of a frozen encoder) changes nothing else.
Report check_gradients_alone(const ops::OpSpec& spec);
/// Differentiable ops put every floating output on the tape; the others throw or return no floating output.
Report check_differentiability(const ops::OpSpec& spec);
/// 100 repeats of forward and backward take no more memory than the first ones, and none for data from the heap.
Report check_allocation(const ops::OpSpec& spec);
/// No write outside of any block; results and gradients do not depend on uninitialised memory.
Report check_guard_zones(const ops::OpSpec& spec);
/// The same bits on one thread and on several; results count a few writes, however many tasks made them: a version that
/// tasks count side by side is a race.
Report check_threads(const ops::OpSpec& spec);
/// Without one of its inputs a call does without, or throws a triad::Error.
Report check_missing_inputs(const ops::OpSpec& spec);
/// Among the samples are an empty tensor and, where any are of floating point, one with an infinity or NaN.
Report check_samples(const ops::OpSpec& spec);
/// Error samples throw a triad::Error with exactly the expected text; without any, the specification says why.
Report check_errors(const ops::OpSpec& spec);

}  // namespace triad::harness
