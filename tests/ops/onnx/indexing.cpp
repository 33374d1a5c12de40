#include "tests/ops/onnx/operators.h"
#include "triad/ops/elementwise/binary.h"
#include "triad/ops/elementwise/cast.h"
#include "triad/ops/elementwise/where.h"
#include "triad/ops/index/gather.h"
#include "triad/ops/index/index_select.h"
#include "triad/ops/index/scatter_add.h"
#include "triad/ops/reduce/extremum.h"
#include "triad/ops/shape/concat.h"
#include "triad/ops/shape/reshape.h"

namespace triad::onnx {

Tensor wrapped(const Tensor& indices, int64_t n) {
  const Tensor wide = ops::cast(indices, DType::i64);
  return ops::where(ops::less(wide, scalar_like(wide, 0)), wide + static_cast<double>(n), wide);
}

namespace {

/// x with `updates` written, or combined with what is there, at `index` along an axis. Ours only adds: the other
/// reductions are expressed as long as no place is written twice.
Tensor scatter(const Tensor& x, int64_t axis, const Tensor& index, const Tensor& updates,
               const std::string& reduction) {
  if (reduction == "add") return ops::scatter_add(x, axis, index, updates);
  const Tensor writes = ops::scatter_add(zeros(x.shape(), DType::i64), axis, index, full(index.shape(), 1, DType::i64));
  if (writes.numel() > 0 && ops::max(writes).item() > 1) throw NotExpressible("a place written twice");
  const Tensor written = ops::scatter_add(zeros(x.shape(), x.dtype()), axis, index, updates);
  const Tensor combined = reduction == "none"  ? written
                          : reduction == "mul" ? x * written
                          : reduction == "max" ? ops::maximum(x, written)
                                               : ops::minimum(x, written);
  return ops::where(ops::equal(writes, scalar_like(writes, 1)), combined, x);
}

Tensors scatter_elements(const NodeCase& c) {
  const Tensor x = c.in(0);
  const int64_t axis = c.integer("axis", 0);
  const Tensor index = wrapped(c.in(1), x.size(static_cast<int>(axis)));
  return {scatter(x, axis, index, c.in(2), c.text("reduction", "none"))};
}

/// Positions, in x with its axes first…first+k merged, of the index vectors in the last axis of `indices` (k long).
Tensor merged_index(const Tensor& x, int first, const Tensor& indices) {
  Tensor position = zeros({}, DType::i64);
  for (int64_t i = 0; i < indices.size(-1); ++i) {
    const int64_t extent = x.size(first + static_cast<int>(i));
    position = position * static_cast<double>(extent) + wrapped(ops::select(indices, -1, i), extent);
  }
  return position;
}

Tensors gather_nd(const NodeCase& c) {
  const Tensor x = c.in(0), indices = c.in(1);
  const int batch_axes = static_cast<int>(c.integer("batch_dims", 0));
  const int k = static_cast<int>(indices.size(-1));
  int64_t batches = 1, merged = 1;
  Shape tail;
  for (int i = 0; i < batch_axes; ++i) batches *= x.size(i);
  for (int i = batch_axes; i < batch_axes + k; ++i) merged *= x.size(i);
  for (int i = batch_axes + k; i < x.rank(); ++i) tail.push_back(x.size(i));
  const Tensor position = merged_index(x, batch_axes, indices);
  const int64_t chosen = position.numel() / std::max<int64_t>(batches, 1);
  const Tensor first = ops::reshape(counting(batches), {batches, 1}) * static_cast<double>(merged);
  const Tensor flat = ops::reshape(ops::reshape(position, {batches, chosen}) + first, {batches * chosen});
  Shape y_shape = position.shape();
  for (const int64_t extent : tail) y_shape.push_back(extent);
  return {ops::reshape(ops::index_select(ops::reshape(x, {batches * merged, tail.numel()}), 0, flat), y_shape)};
}

Tensors scatter_nd(const NodeCase& c) {
  const Tensor x = c.in(0), indices = c.in(1), updates = c.in(2);
  const int64_t k = indices.size(-1);
  int64_t merged = 1;
  for (int i = 0; i < static_cast<int>(k); ++i) merged *= x.size(i);
  const int64_t inner = merged == 0 ? 0 : x.numel() / merged;
  const Tensor rows = ops::reshape(merged_index(x, 0, indices), {-1, 1});
  const Tensor y = scatter(ops::reshape(x, {merged, inner}), 0, ops::expand(rows, {rows.size(0), inner}),
                           ops::reshape(updates, {rows.size(0), inner}), c.text("reduction", "none"));
  return {ops::reshape(y, x.shape())};
}

Tensors one_hot(const NodeCase& c) {
  const Tensor indices = c.in(0);
  const int64_t depth = c.list(1)[0], axis = c.integer("axis", -1);
  const Tensor hot = ops::equal(ops::unsqueeze(wrapped(indices, depth), -1), counting(depth));
  const Tensor y = ops::where(hot, ops::select(c.in(2), 0, 1), ops::select(c.in(2), 0, 0));
  Axes order;  // moves the last axis to `axis`
  for (int i = 0; i < indices.rank(); ++i) order.push_back(i);
  order.insert(normalize_axis("one_hot", axis, y.rank()), indices.rank());
  return {ops::permute(y, order)};
}

/// The first `length` elements of each row in reverse order.
Tensors reverse_sequence(const NodeCase& c) {
  const bool time_first = c.integer("time_axis", 0) == 0;
  const Tensor x = time_first ? ops::transpose(c.in(0), 0, 1) : c.in(0);  // [batch, time, …]
  if (c.integer("batch_axis", 1) != (time_first ? 1 : 0)) throw NotExpressible("batch_axis");
  const Tensor time = counting(x.size(1)), length = ops::unsqueeze(c.in(1), -1);
  Tensor index = ops::where(ops::less(time, length), length - time - 1, time);
  for (int i = 2; i < x.rank(); ++i) index = ops::unsqueeze(index, -1);
  const Tensor y = ops::gather(x, 1, ops::expand(index, x.shape()));
  return {time_first ? ops::transpose(y, 0, 1) : y};
}

}  // namespace

void add_indexing(OperatorTable& table) {
  table["Gather"] = [](const NodeCase& c) -> Tensors {
    const int64_t axis = c.integer("axis", 0);
    return {ops::index_select(c.in(0), axis, wrapped(c.in(1), c.in(0).size(static_cast<int>(axis))))};
  };
  table["GatherElements"] = [](const NodeCase& c) -> Tensors {
    const int64_t axis = c.integer("axis", 0);
    return {ops::gather(c.in(0), axis, wrapped(c.in(1), c.in(0).size(static_cast<int>(axis))))};
  };
  table["GatherND"] = gather_nd;
  table["ScatterElements"] = scatter_elements;
  table["Scatter"] = scatter_elements;
  table["ScatterND"] = scatter_nd;
  table["OneHot"] = one_hot;
  table["ReverseSequence"] = reverse_sequence;
}

}  // namespace triad::onnx
