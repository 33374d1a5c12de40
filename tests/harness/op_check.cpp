#include "tests/harness/op_check.h"

#include <algorithm>
#include <cmath>

#include "tests/harness/guarded_allocator.h"
#include "tests/harness/heap_watch.h"
#include "triad/autograd/autograd.h"
#include "triad/core/cpu/parallel.h"
#include "triad/core/tensor/views.h"
#include "triad/ops/registry/comparison.h"

namespace triad::harness {

using ops::compare;
using ops::compare_bits;
using ops::Comparison;
using ops::inputs_as;
using ops::kLeastScale;
using ops::OpSpec;
using ops::Sample;
using ops::SampleMaker;
using ops::Tensors;
using ops::tolerance_of;

namespace {

constexpr uint64_t kSeed = 20240607;

bool differentiable(const OpSpec& spec) { return spec.no_derivative.empty(); }

/// The same elements behind other strides: axes stored in reverse order, every second element of the last stored axis
/// used, at an offset; the gaps hold NaN, or for integers 1: an index that is allowed, but another one.
Tensor scattered(const Tensor& t) {
  if (!t.defined() || t.rank() == 0) return t;
  Shape stored;
  Axes reversed;
  for (int i = t.rank() - 1; i >= 0; --i) {
    stored.push_back(t.shape()[i]);
    reversed.push_back(i);
  }
  stored.back() = stored.back() * 2 + 1;
  Tensor buffer = full(stored, is_floating(t.dtype()) ? std::nan("") : 1, t.dtype());
  Tensor view = views::permute(views::slice(buffer, -1, 1, stored.back(), 2), reversed);
  copy_into(view, t.detach());
  return view;
}

Tensors scattered(const Tensors& inputs) {
  Tensors out;
  for (const Tensor& t : inputs) out.push_back(scattered(t));
  return out;
}

/// Runs a check over all samples; what it throws becomes a failure with the sample's name.
template <class Check>
Report over_samples(const OpSpec& spec, const Check& check) {
  Report report;
  SampleMaker make(kSeed);
  for (const Sample& sample : spec.samples(make)) {
    const size_t before = report.failures.size();
    try {
      check(sample, report);
    } catch (const std::exception& e) {
      report.failures.push_back(str("threw: ", e.what()));
    }
    for (size_t i = before; i < report.failures.size(); ++i)
      report.failures[i] = str("sample '", sample.label, "': ", report.failures[i]);
  }
  return report;
}

void note(Report& report, const Comparison& comparison, const std::string& what) {
  if (comparison.elements > 0) ++report.comparisons;
  if (!comparison.passed) report.failures.push_back(str(what, ": ", comparison.message));
}

void compare_outputs(const Tensors& got, const Tensors& expected, double tolerance, const std::string& what,
                     Report& report, double least_scale = kLeastScale) {
  if (got.size() != expected.size()) {
    report.failures.push_back(str(what, ": ", got.size(), " outputs, expected ", expected.size()));
    return;
  }
  for (size_t i = 0; i < got.size(); ++i) {
    note(report, compare(got[i], expected[i], tolerance, least_scale), str(what, " output ", i));
  }
}

void check_memory(const OpSpec& spec, const Tensors& outputs, const Tensors& inputs, Report& report) {
  for (size_t i = 0; spec.is_view && i < outputs.size(); ++i) {
    if (outputs[i].storage() != inputs[0].storage())
      report.failures.push_back(str("output ", i, " is a copy, but the op calls itself a view"));
  }
}

/// Outputs and gradients of one forward and backward pass.
struct Pass {
  Tensors outputs;
  Tensors gradients;  ///< one for each floating input, in order
};

/// Random cotangents for the outputs of a sample: the same values for every dtype, rounded as asked.
Tensors cotangents_for(const Tensors& outputs, DType dtype) {
  SampleMaker make(kSeed + 1);
  Tensors out;
  for (const Tensor& y : outputs) {
    const Tensor values = make.normal(y.shape());
    out.push_back(y.requires_grad() ? clone_as(clone_as(values, dtype), y.dtype()) : Tensor());
  }
  return out;
}

bool is_floating_input(const Tensor& t) { return t.defined() && is_floating(t.dtype()); }

bool is_finite(const Tensor& t) {
  return !is_floating_input(t) || std::ranges::all_of(t.to_vector<double>(), [](double x) { return std::isfinite(x); });
}

constexpr size_t kAll = SIZE_MAX;

/// Gradients of every floating input, or of one.
Pass forward_backward(const Sample& sample, const Tensors& inputs, DType cotangent_rounding, size_t wanted = kAll) {
  Tensors leaves;
  for (size_t i = 0; i < inputs.size(); ++i) {
    const bool leaf = is_floating_input(inputs[i]) && (wanted == kAll || wanted == i);
    leaves.push_back(leaf ? requires_grad(inputs[i].detach()) : inputs[i]);
  }
  Pass pass{sample.run(leaves), {}};
  const Tensors cotangents = cotangents_for(pass.outputs, cotangent_rounding);
  Tensors outputs_reached, dys;
  for (size_t i = 0; i < pass.outputs.size(); ++i) {
    if (!cotangents[i].defined()) continue;
    outputs_reached.push_back(pass.outputs[i]);
    dys.push_back(cotangents[i]);
  }
  if (!dys.empty()) backward(outputs_reached, dys);
  for (const Tensor& leaf : leaves) {
    if (leaf.defined() && leaf.requires_grad()) {
      pass.gradients.push_back(grad(leaf).defined() ? grad(leaf) : zeros(leaf.shape(), leaf.dtype()));
    }
  }
  return pass;
}

/// Sum over outputs of <output, cotangent>, without a tape.
double projected_loss(const Sample& sample, const Tensors& inputs, const Tensors& cotangents) {
  const NoGrad no_tape;
  const Tensors outputs = sample.run(inputs);
  double loss = 0;
  for (size_t i = 0; i < outputs.size(); ++i) {
    if (!cotangents[i].defined()) continue;
    const auto y = outputs[i].to_vector<double>(), v = cotangents[i].to_vector<double>();
    for (size_t j = 0; j < y.size(); ++j) loss += y[j] * v[j];
  }
  return loss;
}

/// Elements to perturb: all of a small input, an even spread over a large one.
std::vector<int64_t> probes(int64_t numel) {
  constexpr int64_t kMost = 120;
  std::vector<int64_t> out;
  for (int64_t k = 0; k < std::min(numel, kMost); ++k) out.push_back(numel <= kMost ? k : k * numel / kMost);
  return out;
}

}  // namespace

std::string Report::text() const {
  if (comparisons == 0 && failures.empty()) return "nothing was compared";
  std::string all;
  for (const std::string& f : failures) all += f + "\n";
  return all;
}

Report check_values(const OpSpec& spec) {
  return over_samples(spec, [&](const Sample& sample, Report& report) {
    for (const DType dtype : spec.dtypes) {
      const Tensors inputs = inputs_as(sample.inputs, dtype);
      const Tensors expected = sample.reference(inputs_as(inputs, DType::f64));
      Tensors before;
      for (const Tensor& t : inputs) before.push_back(t.defined() ? clone(t) : t);
      const Tensors outputs = sample.run(inputs);
      compare_outputs(outputs, expected, tolerance_of(sample, dtype), str(name_of(dtype)), report);
      check_memory(spec, outputs, inputs, report);
      for (size_t i = 0; i < inputs.size(); ++i) {
        if (inputs[i].defined())
          note(report, compare_bits(inputs[i], before[i]), str(name_of(dtype), ": input ", i, " after the call"));
      }
    }
  });
}

Report check_views(const OpSpec& spec) {
  return over_samples(spec, [&](const Sample& sample, Report& report) {
    for (const DType dtype : spec.dtypes) {
      const Tensors dense = inputs_as(sample.inputs, dtype), inputs = scattered(dense);
      const Tensors expected = sample.reference(inputs_as(dense, DType::f64)), outputs = sample.run(inputs);
      compare_outputs(outputs, expected, tolerance_of(sample, dtype), str(name_of(dtype), " views"), report);
      check_memory(spec, outputs, inputs, report);
    }
  });
}

Report check_gradient(const OpSpec& spec) {
  return over_samples(spec, [&](const Sample& sample, Report& report) {
    if (!sample.check_gradient || !std::ranges::all_of(sample.inputs, is_finite)) return;
    const Pass pass = forward_backward(sample, sample.inputs, DType::f64);
    const Tensors cotangents = cotangents_for(pass.outputs, DType::f64);
    size_t next = 0;
    for (size_t i = 0; i < sample.inputs.size(); ++i) {
      if (!is_floating_input(sample.inputs[i])) continue;
      const std::vector<double> gradient = pass.gradients[next++].to_vector<double>();
      for (const int64_t at : probes(sample.inputs[i].numel())) {
        Tensors moved = sample.inputs;
        moved[i] = clone(sample.inputs[i]);
        double& x = moved[i].mutable_data<double>()[at];
        const double centre = x, step = 1e-5 * std::max(1.0, std::abs(centre));
        // Richardson: two central differences cancel the error of order step^2.
        const auto difference = [&](double h) {
          x = centre + h;
          const double above = projected_loss(sample, moved, cotangents);
          x = centre - h;
          const double below = projected_loss(sample, moved, cotangents);
          return (above - below) / (2 * h);
        };
        const double numeric = (4 * difference(step) - difference(2 * step)) / 3;
        const double analytic = gradient[static_cast<size_t>(at)];
        const double allowed = 2e-6 * (1 + std::abs(numeric));
        ++report.comparisons;
        if (!(std::abs(numeric - analytic) <= allowed)) {
          report.failures.push_back(
              str("input ", i, " element ", at, ": derivative ", analytic, ", finite differences ", numeric));
          break;
        }
      }
    }
  });
}

Report check_gradient_dtypes(const OpSpec& spec) {
  return over_samples(spec, [&](const Sample& sample, Report& report) {
    for (const DType dtype : spec.dtypes) {
      const Tensors inputs = inputs_as(sample.inputs, dtype);
      const Pass exact = forward_backward(sample, inputs_as(inputs, DType::f64), dtype);
      const double tolerance = 2 * tolerance_of(sample, dtype);
      const double scale = std::max(kLeastScale, sample.cancelling_terms);
      const Pass dense = forward_backward(sample, inputs, dtype);
      compare_outputs(dense.gradients, exact.gradients, tolerance, str(name_of(dtype), " gradients"), report, scale);
      const Pass strided = forward_backward(sample, scattered(inputs), dtype);
      compare_outputs(strided.gradients, exact.gradients, tolerance, str(name_of(dtype), " gradients of views"), report,
                      scale);
    }
  });
}

Report check_gradients_alone(const OpSpec& spec) {
  return over_samples(spec, [&](const Sample& sample, Report& report) {
    const DType dtype = spec.dtypes.front();
    const Tensors inputs = inputs_as(sample.inputs, dtype);
    const Pass together = forward_backward(sample, inputs, dtype);
    size_t next = 0;
    for (size_t i = 0; i < inputs.size(); ++i) {
      if (!is_floating_input(inputs[i])) continue;
      const Tensor& expected = together.gradients[next++];
      const Pass alone = forward_backward(sample, inputs, dtype, i);
      note(report, compare_bits(alone.gradients.at(0), expected), str("gradient of input ", i, " alone"));
    }
  });
}

Report check_differentiability(const OpSpec& spec) {
  return over_samples(spec, [&](const Sample& sample, Report& report) {
    Tensors leaves;
    bool any = false;
    for (const Tensor& t : inputs_as(sample.inputs, spec.dtypes.front())) {
      const bool floating = is_floating_input(t);
      any = any || floating;
      leaves.push_back(floating ? requires_grad(t.detach()) : t);
    }
    if (!any) return;
    ++report.comparisons;
    bool threw = false;
    Tensors outputs;
    try {
      outputs = sample.run(leaves);
    } catch (const AutogradError&) {
      threw = true;
    }
    if (threw && differentiable(spec)) report.failures.push_back("refused a gradient although it claims a derivative");
    for (const Tensor& y : outputs) {
      if (is_floating(y.dtype()) && !y.requires_grad()) report.failures.push_back("cuts the graph without a word");
    }
  });
}

Report check_allocation(const OpSpec& spec) {
  constexpr int kRepeats = 100;
  constexpr size_t kMostBookkeeping = 4096;  // bytes of a node, a name, a list of axes
  return over_samples(spec, [&](const Sample& sample, Report& report) {
    const DType dtype = spec.dtypes.front();
    const Tensors inputs = inputs_as(sample.inputs, dtype);
    const auto step = [&] {
      if (differentiable(spec)) forward_backward(sample, inputs, dtype);
      else sample.run(inputs);
    };
    for (int i = 0; i < 3; ++i) step();
    forget_heap_requests();
    const MemoryStats before = allocator(kCpu).stats();
    for (int i = 0; i < kRepeats; ++i) step();
    const MemoryStats after = allocator(kCpu).stats();
    ++report.comparisons;
    if (after.in_use != before.in_use)
      report.failures.push_back(str("bytes in use grew from ", before.in_use, " to ", after.in_use));
    // Now and then two threads hold their scratch at the same moment for the first time, and the pool grows by a block. What
    // an op fails to give back shows in every repeat.
    if (after.system_calls - before.system_calls > kRepeats / 10)
      report.failures.push_back(str(after.system_calls - before.system_calls, " new system allocations"));
    if (largest_heap_request() > kMostBookkeeping)
      report.failures.push_back(str(largest_heap_request(), " bytes at once from the heap instead of the pool"));
  });
}

Report check_guard_zones(const OpSpec& spec) {
  return over_samples(spec, [&](const Sample& sample, Report& report) {
    for (const DType dtype : spec.dtypes) {
      const auto pass = [&] {
        const Tensors inputs = inputs_as(sample.inputs, dtype);
        return differentiable(spec) ? forward_backward(sample, inputs, dtype) : Pass{sample.run(inputs), {}};
      };
      const Pass expected = pass();
      GuardedAllocator guard;
      {
        const Pass poisoned = pass();
        const std::string what = str(name_of(dtype), " with poisoned memory:");
        compare_outputs(poisoned.outputs, expected.outputs, 0, what, report);
        compare_outputs(poisoned.gradients, expected.gradients, 0, str(what, " gradient of"), report);
      }
      for (const std::string& violation : guard.violations())
        report.failures.push_back(str(name_of(dtype), ": ", violation));
    }
  });
}

Report check_threads(const OpSpec& spec) {
  const int before = cpu::num_threads();
  Report report = over_samples(spec, [&](const Sample& sample, Report& inner) {
    const Tensors inputs = inputs_as(sample.inputs, spec.dtypes.front());
    const auto pass_with = [&](int threads) {
      cpu::set_num_threads(threads);
      return differentiable(spec) ? forward_backward(sample, inputs, spec.dtypes.front())
                                  : Pass{sample.run(inputs), {}};
    };
    const Pass one = pass_with(1), three = pass_with(3);
    for (size_t i = 0; i < one.outputs.size(); ++i)
      note(inner, compare_bits(three.outputs[i], one.outputs[i]), str("output ", i, " on 3 threads against 1"));
    const auto check_writes = [&](const Tensors& made, const char* what) {
      constexpr uint64_t kFew = 8;
      for (size_t i = 0; i < made.size(); ++i) {
        if (made[i].version() > kFew)
          inner.failures.push_back(str(what, " ", i, " counts ", made[i].version(), " writes, expected a few"));
      }
    };
    check_writes(three.outputs, "output");
    check_writes(three.gradients, "gradient");
    for (size_t i = 0; i < one.gradients.size(); ++i)
      note(inner, compare_bits(three.gradients[i], one.gradients[i]), str("gradient ", i, " on 3 threads against 1"));
  });
  cpu::set_num_threads(before);
  return report;
}

Report check_missing_inputs(const OpSpec& spec) {
  return over_samples(spec, [&](const Sample& sample, Report& report) {
    const Tensors inputs = inputs_as(sample.inputs, spec.dtypes.front());
    for (size_t i = 0; i < inputs.size(); ++i) {
      Tensors without = inputs;
      without[i] = Tensor();
      ++report.comparisons;
      try {
        sample.run(without);
      } catch (const Error&) {
      } catch (const std::exception& e) {
        report.failures.push_back(str("without input ", i, ", not a triad::Error: ", e.what()));
      }
    }
  });
}

Report check_samples(const OpSpec& spec) {
  SampleMaker make(kSeed);
  bool empty = false, floating = false, hostile = false;
  for (const Sample& sample : spec.samples(make)) {
    for (const Tensor& t : sample.inputs) {
      if (!t.defined()) continue;
      empty = empty || t.numel() == 0;
      floating = floating || is_floating(t.dtype());
      hostile = hostile || !is_finite(t);
    }
  }
  Report report;
  const auto demand = [&](bool has, const char* what) {
    ++report.comparisons;
    if (!has) report.failures.push_back(str("no sample with ", what));
  };
  demand(empty, "an empty tensor");
  if (floating) demand(hostile, "an infinity or NaN");
  return report;
}

Report check_errors(const OpSpec& spec) {
  Report report;
  for (const ops::ErrorSample& sample : spec.errors()) {
    ++report.comparisons;
    std::string got = "nothing was thrown";
    try {
      sample.run();
    } catch (const Error& e) {
      got = e.what();
    } catch (const std::exception& e) {
      got = str("not a triad::Error: ", e.what());
    }
    if (got != sample.message)
      report.failures.push_back(str("error '", sample.label, "':\n  got      ", got, "\n  expected ", sample.message));
  }
  if (!spec.no_errors.empty()) {
    ++report.comparisons;
    if (!spec.errors().empty())
      report.failures.push_back(str("lists errors, but says there are none: ", spec.no_errors));
  }
  return report;
}

}  // namespace triad::harness
