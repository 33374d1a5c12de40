// An op as data. Tests, gradient checks and benchmarks are driven by it; adding an op adds a specification beside it and
// edits no list.
#pragma once

#include <functional>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "triad/core/base/philox.h"
#include "triad/core/tensor/tensor.h"

namespace triad::ops {

using Tensors = std::vector<Tensor>;
using TensorFunction = std::function<Tensors(std::span<const Tensor>)>;

/// One call of an op: inputs, how to run it on them, and what must come out.
struct Sample {
  std::string label;         ///< what is special about it: "constant rows", "last axis 1"
  Tensors inputs;            ///< floating inputs in f64 (the harness converts them to each dtype), others as they are
  TensorFunction run;        ///< the op under test
  TensorFunction reference;  ///< the composed or naive definition, evaluated in f64 on the converted inputs
  /// Whether finite differences make sense here: false at kinks and ties. Says why in the label. Never at infinities or NaN.
  bool check_gradient = true;
  double flops = 0;                                   ///< arithmetic of one forward call
  double min_bytes = 0;                               ///< bytes that must be read and written once, in f32
  double backward_flops = 0, backward_min_bytes = 0;  ///< the same of its derivative
  /// Largest allowed |got - expected| / (scale + |expected|) for f32, where scale is the largest |expected|, at most 1;
  /// scaled to other dtypes by the ratio of epsilons.
  double tolerance = 1e-5;
  /// Where gradients of these inputs are small because large terms cancel: the size of the terms, to which rounding is
  /// relative. 0 elsewhere.
  double cancelling_terms = 0;
};

/// Inputs of a sample in a dtype: floating ones converted, the others as they are.
Tensors inputs_as(const Tensors& inputs, DType dtype);
/// Error allowed in a dtype: that of f32, plus what rounding of inputs to and outputs from the dtype costs.
double tolerance_of(const Sample& sample, DType dtype);

class SampleMaker;

/// A call as a training step makes it, for timing.
struct Workload {
  std::string suite;                         ///< a step of `triad bench steps`, or "demo" for configs/demo.yaml
  std::string place;                         ///< where in the model, with the sizes: "hidden states 512x768"
  std::function<Sample(SampleMaker&)> make;  ///< with flops and bytes
  /// What decides the call beside its inputs, for other programs that are to do the same work: {"stride", 2}.
  std::map<std::string, double> attributes = {};
  bool backward = true;  ///< whether its derivative, if the op has one, is worth timing too
};

/// A call that must throw, with what it must say.
struct ErrorSample {
  std::string label;
  std::function<void()> run;
  std::string message;  ///< the whole what()
};

/// Makes the tensors of samples, the same ones every time.
class SampleMaker {
 public:
  explicit SampleMaker(uint64_t seed) : stream_(RandomKey{.seed = seed}) {}

  /// f64, standard normal times `scale` plus `mean`.
  Tensor normal(const Shape& shape, double scale = 1, double mean = 0);
  /// f64, uniform in [low, high).
  Tensor uniform(const Shape& shape, double low, double high);
  /// f64, a random permutation of equally spaced values in [-2, 2]: no ties, no value near a kink at 0.
  Tensor distinct(const Shape& shape);
  /// f64, standard normal, but every seventh element is one of NaN, the infinities and -0.
  Tensor hostile(const Shape& shape);
  /// i64, uniform in [0, n).
  Tensor indices(const Shape& shape, int64_t n);
  /// bool, true with probability p.
  Tensor mask(const Shape& shape, double p);

 private:
  RandomStream stream_;
};

struct OpSpec {
  std::string_view name;
  std::vector<DType> dtypes;  ///< of the floating inputs (of all inputs, for integral ops)
  /// Why there is no derivative; empty if there is one. Required to be decided: an op is differentiable or throws.
  std::string_view no_derivative;
  std::function<std::vector<Sample>(SampleMaker&)> samples;
  std::function<std::vector<ErrorSample>()> errors;
  /// Why no call of it can fail; empty if `errors` lists some that must.
  std::string_view no_errors = {};
  /// Calls worth timing; none for what no step spends its time in.
  std::vector<Workload> workloads = {};
  /// Whether its arithmetic is products of matrices, which many processors do faster in 16 bits than anything else.
  bool is_product = false;
  /// Whether every output is another view of the memory of the first input.
  bool is_view = false;
};

inline const std::vector<DType> kFloatingDTypes = {DType::f32, DType::bf16, DType::f16, DType::f64};

/// All specifications, sorted by name.
const std::vector<OpSpec>& all_op_specs();

/// Adds a specification; the function runs on the first call of all_op_specs().
struct RegisterOp {
  explicit RegisterOp(OpSpec (*make)());
};

}  // namespace triad::ops
