// Every ONNX node case whose operator our ops can express, against the outputs that ship with it.
#include <iostream>

#include <gtest/gtest.h>

#include "tests/harness/compare.h"
#include "tests/harness/data_path.h"
#include "tests/ops/onnx/node_case.h"
#include "tests/ops/onnx/operators.h"

namespace triad::onnx {
namespace {

/// At least 350 of the 945 cases of the shared data set; of another selection, the same share.
constexpr double kMustPass = 350.0 / 945;

double tolerance_of(DType dtype) {
  switch (dtype) {
    case DType::f64:
      return 1e-9;
    case DType::f32:
      return 2e-5;
    case DType::f16:
      return 4e-3;  // compositions round after every step
    case DType::bf16:
      return 3e-2;
    default:
      return 0;
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
  Tensors outputs;
  try {
    outputs = found->second(c);
  } catch (const DTypeError& e) {
    throw NotExpressible(e.what());
  }
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
  int64_t passed = 0, failed = 0, skipped = 0;
  std::map<std::string, std::vector<std::string>> not_expressible;
  for (const NodeCase& c : load_cases(folder)) {
    std::string problem;
    try {
      problem = run(c);
    } catch (const NotExpressible& e) {
      not_expressible[c.op()].push_back(c.name() + " (" + e.what() + ")");
      ++skipped;
      continue;
    } catch (const std::exception& e) {
      problem = str("threw: ", e.what());
    }
    EXPECT_TRUE(problem.empty()) << c.op() << " " << c.name() << ": " << problem;
    ++(problem.empty() ? passed : failed);
  }
  for (const auto& [op, names] : not_expressible) {
    std::cout << "  not expressible: " << op << " x" << names.size() << ", such as " << names[0] << "\n";
  }
  std::cout << "onnx node: " << passed << " passed, " << failed << " failed, " << skipped << " not expressible"
            << std::endl;
  const double cases = static_cast<double>(passed + failed + skipped);
  EXPECT_GT(cases, 0);
  EXPECT_GE(static_cast<double>(passed), kMustPass * cases);
}

}  // namespace
}  // namespace triad::onnx
