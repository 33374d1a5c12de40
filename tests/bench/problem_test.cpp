#include "triad/bench/kernels/problem.h"

#include <cmath>

#include <gtest/gtest.h>

#include "tests/harness/message_of.h"
#include "triad/core/base/error.h"

namespace triad::bench {
namespace {

using harness::message_of;

/// y = 2 x, with what a test wants to be wrong about it.
struct Doubling {
  ops::OpSpec op;

  explicit Doubling(double factor, bool zeros_as_input = false) {
    op.name = "doubling";
    op.no_derivative = "it is for this test";
    op.workloads = {{"test", "4096", [=](ops::SampleMaker& make) {
                       ops::Sample s;
                       s.inputs = {zeros_as_input ? zeros({4096}, DType::f64) : make.normal({4096})};
                       s.run = [=](std::span<const Tensor> in) -> ops::Tensors {
                         std::vector<float> values = in[0].to_vector<float>();
                         for (float& v : values) v *= static_cast<float>(factor);
                         return {from_values(values, in[0].shape())};
                       };
                       s.reference = [](std::span<const Tensor> in) -> ops::Tensors {
                         std::vector<double> values = in[0].to_vector<double>();
                         for (double& v : values) v *= 2;
                         return {from_values(values, in[0].shape())};
                       };
                       s.flops = 4096;
                       s.min_bytes = 8 * 4096;
                       return s;
                     }}};
  }
  std::string fault() const {
    const Problem problem = make_problem({&op, op.workloads.data()});
    Call call(problem, problem.inputs);
    call.run();
    return fault_of(problem, call.results());
  }
};

TEST(Problem, AWrongKernelIsNoticed) {
  EXPECT_EQ(Doubling(2).fault(), "");
  EXPECT_NE(Doubling(2.001).fault(), "");
  EXPECT_NE(Doubling(std::nan("")).fault(), "");
}

TEST(Problem, RefusesZerosAsInput) {
  EXPECT_EQ(message_of<ValueError>([] { Doubling(2, true).fault(); }),
            "test/doubling.fwd/4096/f32: input 0 is all zeros, which some processors multiply faster");
}

/// Every op that is timed is right at that size, forward and backward: the cases of small models, which take seconds.
TEST(Problem, OursIsRight) {
  for (const KernelCase& kernel : find_cases({.suites = {"speech-256"}})) {
    const Problem problem = make_problem(kernel);
    EXPECT_GT(problem.flops() + problem.bytes(), 0) << kernel.name();
    Call call(problem, problem.inputs);
    for (int repeat = 0; repeat < 2; ++repeat) call.run();
    EXPECT_EQ(fault_of(problem, call.results()), "") << kernel.name();
  }
}

}  // namespace
}  // namespace triad::bench
