// Every check on every op. Names read as the op and what was checked: Ops/OpSpec.Gradient/layer_norm.
#include <algorithm>

#include <gtest/gtest.h>

#include "tests/harness/instruction_sets.h"
#include "tests/harness/op_check.h"

namespace triad {
namespace {

class OpSpec : public testing::TestWithParam<size_t> {
 protected:
  const ops::OpSpec& spec() const { return ops::all_op_specs()[GetParam()]; }

  void expect(const harness::Report& report) const { EXPECT_TRUE(report.passed()) << report.text(); }
};

TEST_P(OpSpec, Values) { expect(harness::check_values(spec())); }
TEST_P(OpSpec, Views) { expect(harness::check_views(spec())); }
TEST_P(OpSpec, DifferentiableOrThrows) { expect(harness::check_differentiability(spec())); }
TEST_P(OpSpec, AllocationDoesNotGrow) { expect(harness::check_allocation(spec())); }
TEST_P(OpSpec, GuardZones) { expect(harness::check_guard_zones(spec())); }
TEST_P(OpSpec, Threads) { expect(harness::check_threads(spec())); }
TEST_P(OpSpec, InstructionSets) {
  harness::for_each_instruction_set([&](const char* set) {
    const testing::ScopedTrace trace(__FILE__, __LINE__, set);
    expect(harness::check_values(spec()));
    if (spec().no_derivative.empty()) expect(harness::check_gradient_dtypes(spec()));
  });
}
// Benchmarks have nothing to relate a time to otherwise.
TEST_P(OpSpec, StatesItsCost) {
  ops::SampleMaker make(1);
  const std::vector<ops::Sample> samples = spec().samples(make);
  EXPECT_TRUE(spec().is_view ||
              std::ranges::any_of(samples, [](const ops::Sample& s) { return s.flops > 0 || s.min_bytes > 0; }));
}
TEST_P(OpSpec, SamplesAreHostileToo) { expect(harness::check_samples(spec())); }
TEST_P(OpSpec, MissingInputs) { expect(harness::check_missing_inputs(spec())); }
TEST_P(OpSpec, Errors) { expect(harness::check_errors(spec())); }

class OpDerivative : public OpSpec {};

TEST_P(OpDerivative, Gradient) { expect(harness::check_gradient(spec())); }
TEST_P(OpDerivative, GradientInEveryDType) { expect(harness::check_gradient_dtypes(spec())); }
TEST_P(OpDerivative, GradientAlone) { expect(harness::check_gradients_alone(spec())); }

std::string name_of_op(const testing::TestParamInfo<size_t>& test) {
  return std::string(ops::all_op_specs()[test.param].name);
}

std::vector<size_t> indices_of(bool (*wanted)(const ops::OpSpec&)) {
  std::vector<size_t> indices;
  for (size_t i = 0; i < ops::all_op_specs().size(); ++i) {
    if (wanted(ops::all_op_specs()[i])) indices.push_back(i);
  }
  return indices;
}

INSTANTIATE_TEST_SUITE_P(Ops, OpSpec, testing::ValuesIn(indices_of([](const ops::OpSpec&) { return true; })),
                         name_of_op);
INSTANTIATE_TEST_SUITE_P(Ops, OpDerivative,
                         testing::ValuesIn(indices_of([](const ops::OpSpec& op) { return op.no_derivative.empty(); })),
                         name_of_op);

}  // namespace
}  // namespace triad
