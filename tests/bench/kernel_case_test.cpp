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

}  // namespace
}  // namespace triad::bench
