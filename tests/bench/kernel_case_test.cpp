#include "triad/bench/kernels/kernel_case.h"

#include <set>

#include <gtest/gtest.h>

#include "tests/harness/message_of.h"
#include "triad/core/base/error.h"

namespace triad::bench {
namespace {

using harness::message_of;

std::vector<std::string> names_of(const CaseFilter& filter) {
  std::vector<std::string> names;
  for (const KernelCase& c : find_cases(filter)) names.push_back(c.name());
  return names;
}

TEST(FindCases, NamesAreUniqueAndFindTheirCase) {
  const std::vector<std::string> names = names_of({});
  EXPECT_EQ(std::set<std::string>(names.begin(), names.end()).size(), names.size());
  for (const std::string& name : names) EXPECT_EQ(names_of({.names = {name}}), std::vector<std::string>{name});
}

TEST(FindCases, BySuiteKernelAndDtype) {
  for (const KernelCase& c : find_cases({.suites = {"text", "speech"}, .kernel = "norm.*", .dtypes = {DType::bf16}})) {
    EXPECT_TRUE(c.workload->suite == "text-mini" || c.workload->suite == "text-base" ||
                c.workload->suite == "speech-256");
    EXPECT_NE(c.kernel().find("norm"), std::string::npos);
    EXPECT_EQ(c.dtype, DType::bf16);
  }
  EXPECT_EQ(names_of({.suites = {"text-base"}, .kernel = "layer_norm.bwd"}),
            (std::vector<std::string>{"text-base/layer_norm.bwd/hidden states 512x768/f32",
                                      "text-base/layer_norm.bwd/hidden states 512x768/bf16"}));
}

TEST(FindCases, RefusesWhatDoesNotExist) {
  EXPECT_EQ(
      message_of<ValueError>([] { find_cases({.suites = {"tex"}}); }),
      "bench: there is no suite tex\n  hint: there are align, demo, image-6x192, speech-256, text-base, text-mini, "
      "vit-b16");
  EXPECT_EQ(message_of<ValueError>([] { find_cases({.names = {"text-base"}}); }),
            "bench: there is no case 'text-base'\n  hint: `triad bench list` shows them");
  EXPECT_EQ(message_of<ValueError>([] { find_cases({.kernel = "no such op"}); }),
            "bench: no case fits all that was asked for\n  hint: `triad bench list` shows them");
  EXPECT_TRUE(message_of<ValueError>([] { find_cases({.kernel = "("}); }).starts_with("bench: '(' is no regular"));
}

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
