// ONNX operators in terms of our ops: one function an operator.
#pragma once

#include <functional>
#include <map>
#include <string>
#include <vector>

#include "tests/ops/onnx/node_case.h"
#include "triad/core/tensor/tensor.h"

namespace triad::onnx {

using Tensors = std::vector<Tensor>;
/// Outputs in the order of the node's; undefined or missing where our ops do not compute one.
using Operator = std::function<Tensors(const NodeCase&)>;
using OperatorTable = std::map<std::string, Operator>;

void add_elementwise(OperatorTable& table);
void add_comparisons(OperatorTable& table);
void add_reductions(OperatorTable& table);
void add_shapes(OperatorTable& table);
void add_indexing(OperatorTable& table);
void add_pooling(OperatorTable& table);
void add_products(OperatorTable& table);
void add_normalisation(OperatorTable& table);
void add_losses(OperatorTable& table);
void add_attention(OperatorTable& table);
void add_recurrent(OperatorTable& table);
void add_optimizers(OperatorTable& table);

/// A scalar in the dtype of x.
inline Tensor scalar_like(const Tensor& x, double value) { return full({}, value, x.dtype()); }
/// A list of indices as a tensor.
inline Tensor index_list(const std::vector<int64_t>& indices) {
  return from_values(indices, {static_cast<int64_t>(indices.size())});
}
/// 0, 1, … n-1 as i64.
Tensor counting(int64_t n);
/// The dtype ONNX numbers `code`; NotExpressible for those we lack.
DType dtype_from_code(int64_t code);
/// Indices that may count from the end, as ours, which may not: i + n where i < 0.
Tensor wrapped(const Tensor& indices, int64_t n);

}  // namespace triad::onnx
