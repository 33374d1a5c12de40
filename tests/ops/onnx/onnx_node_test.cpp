// Every ONNX node case whose operator our ops can express, against the outputs that ship with it. The others are listed by
// operator. Of the shared data set it is known how many those are: an op that begins to refuse what it took before fails
// the test.
#include <iostream>

#include <gtest/gtest.h>

#include "tests/harness/data_path.h"
#include "tests/ops/onnx/left_out.h"
#include "tests/ops/onnx/node_case.h"
#include "tests/ops/onnx/operators.h"
#include "triad/ops/registry/comparison.h"

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
    const ops::Comparison result = ops::compare(outputs[i], expected, tolerance_of(expected.dtype()));
    if (!result.passed) return str("output ", i, ": ", result.message);
  }
  return {};
}

TEST(OnnxNode, EveryExpressibleCase) {
  const auto folder = harness::data_path("onnx_node");
  if (folder.empty()) GTEST_SKIP() << "no data set onnx_node";
  const std::vector<NodeCase> cases = load_cases(folder);
  std::map<std::string, size_t> left_out;
  size_t passed = 0, failed = 0, not_expressible = 0;
  for (const NodeCase& c : cases) {
    std::string problem;
    try {
      problem = run(c);
    } catch (const NotExpressible&) {
      ++left_out[c.op()], ++not_expressible;
      continue;
    } catch (const std::exception& e) {
      problem = str("threw: ", e.what());
    }
    ++(problem.empty() ? passed : failed);
    EXPECT_TRUE(problem.empty()) << c.op() << " " << c.name() << ": " << problem;
  }
  std::cout << "onnx node: " << passed << " passed, " << failed << " failed, " << not_expressible
            << " not expressible\n";
  if (!left_out.empty()) std::cout << "onnx node: not expressible are";
  for (const auto& [op, count] : left_out) std::cout << ' ' << op << ' ' << count;
  std::cout << std::endl;
  if (cases.size() != kCases) return;  // another selection
  EXPECT_GE(passed, 350u);
  EXPECT_EQ(left_out, kLeftOut) << "left_out.h says which cases the ops do not express";
}

}  // namespace
}  // namespace triad::onnx
