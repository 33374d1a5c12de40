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

}  // namespace triad::bench
