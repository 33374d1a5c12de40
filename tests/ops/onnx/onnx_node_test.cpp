// Every ONNX node case whose operator our ops can express, against the outputs that ship with it. The others are
// counted: an op that begins to refuse what it took before fails the test.
#include <iostream>

#include <gtest/gtest.h>

#include "tests/harness/compare.h"
#include "tests/harness/data_path.h"
#include "tests/ops/onnx/left_out.h"
#include "tests/ops/onnx/node_case.h"
#include "tests/ops/onnx/operators.h"

namespace triad::onnx {
namespace {

double tolerance_of(DType dtype) {
  switch (dtype) {
    case DType::f64: return 1e-9;
    case DType::f32: return 2e-5;
    case DType::f16: return 4e-3;  // compositions round after every step
    case DType::bf16: return 3e-2;
    default: return 0;
  }
}

const OperatorTable& operators() {
  static const OperatorTable table = [] {
    OperatorTable all;
    add_elementwise(all);
    add_comparisons(all);
    add_reductions(all);
    add_shapes(all);
    add_indexing(all);
    add_pooling(all);
    add_products(all);
    add_normalisation(all);
    add_losses(all);
    add_attention(all);
    add_recurrent(all);
    add_optimizers(all);
    return all;
  }();
  return table;
}

/// Runs a case and returns what is wrong with its outputs, in words; empty if nothing is.
std::string run(const NodeCase& c) {
  const auto found = operators().find(c.op());
  if (found == operators().end()) throw NotExpressible("no op");
  const Tensors outputs = found->second(c);
  c.require_all_read();
  for (size_t i = 0; i < c.output_count(); ++i) {
    const Tensor expected = c.expected(i);
    if (!expected.defined()) continue;
    if (i >= outputs.size() || !outputs[i].defined()) throw NotExpressible(str("output ", i));
    if (outputs[i].dtype() != expected.dtype())
      return str("output ", i, " is ", outputs[i].dtype(), ", expected ", expected.dtype());
    const harness::Comparison result = harness::compare(outputs[i], expected, tolerance_of(expected.dtype()));
    if (!result.passed) return str("output ", i, ": ", result.message);
  }
  return {};
}

TEST(OnnxNode, EveryExpressibleCase) {
  const auto folder = harness::data_path("onnx_node");
  if (folder.empty()) GTEST_SKIP() << "no data set onnx_node";
  const std::vector<NodeCase> cases = load_cases(folder);
  std::map<std::string, std::vector<std::string>> left_out;
  size_t passed = 0;
  for (const NodeCase& c : cases) {
    std::string problem;
    try {
      problem = run(c);
      passed += problem.empty();
    } catch (const NotExpressible& e) {
      left_out[c.op()].push_back(str(c.name(), " (", e.what(), ")"));
    } catch (const std::exception& e) {
      problem = str("threw: ", e.what());
    }
    EXPECT_TRUE(problem.empty()) << c.op() << " " << c.name() << ": " << problem;
  }
  std::cout << "onnx node: " << passed << " of " << cases.size() << " cases passed" << std::endl;
  EXPECT_GT(passed, 0u);
  for (const auto& [op, names] : left_out) {
    const auto most = kLeftOut.find(op);
    const size_t known = most == kLeftOut.end() ? 0 : most->second;
    EXPECT_LE(names.size(), known) << op << " is not expressible in " << testing::PrintToString(names);
  }
  if (cases.size() != kCases) return;  // another selection
  for (const auto& [op, count] : kLeftOut)
    EXPECT_EQ(left_out[op].size(), count) << op << ": left_out.h counts more than there are";
}

}  // namespace
}  // namespace triad::onnx
