#include <cmath>

#include "tests/ops/onnx/operators.h"
#include "triad/ops/elementwise/binary.h"
#include "triad/ops/elementwise/cast.h"
#include "triad/ops/elementwise/unary.h"
#include "triad/ops/elementwise/where.h"
#include "triad/ops/index/index_select.h"
#include "triad/ops/reduce/extremum.h"
#include "triad/ops/reduce/prod.h"
#include "triad/ops/reduce/sum.h"
#include "triad/ops/reduce/topk.h"
#include "triad/ops/shape/reshape.h"

namespace triad::onnx {
namespace {

using Reduction = Tensor (*)(const Tensor& x, const Axes& axes, bool keep);

/// Axes come as an input or, in older opsets, as an attribute. Without any, all axes are reduced or none.
template <Reduction reduce>
Tensors reduction(const NodeCase& c) {
  const Tensor x = c.in(0);
  const auto listed = c.has(1) ? c.list(1) : c.integers("axes");
  const bool keep = c.flag("keepdims", true), none = c.flag("noop_with_empty_axes", false) && listed.empty();
  // A reduction over an added axis of 1 is one over no axis: what the operator does to single elements remains.
  const Tensor y = none ? reduce(ops::unsqueeze(x, 0), {0}, false) : reduce(x, Axes(listed), keep);
  return {ops::cast(y, x.dtype())};
}

Tensor l1(const Tensor& x, const Axes& axes, bool keep) { return ops::sum(ops::abs(x), axes, keep); }
Tensor sum_of_squares(const Tensor& x, const Axes& axes, bool keep) { return ops::sum(ops::square(x), axes, keep); }
Tensor l2(const Tensor& x, const Axes& axes, bool keep) { return ops::sqrt(sum_of_squares(x, axes, keep)); }
Tensor log_sum(const Tensor& x, const Axes& axes, bool keep) { return ops::log(ops::sum(x, axes, keep)); }

/// ONNX defines the extremum of nothing: the neutral element.
template <Reduction extremum, int sign>
Tensor extremum_or_neutral(const Tensor& x, const Axes& axes, bool keep) {
  const Shape reduced = reduced_shape(x.shape(), normalize_axes("extremum", axes, x.rank()), keep);
  if (x.numel() == 0 && reduced.numel() > 0 && is_floating(x.dtype())) return full(reduced, sign * HUGE_VAL, x.dtype());
  return extremum(x, axes, keep);
}

Tensor log_sum_exp(const Tensor& x, const Axes& axes, bool keep) {
  const Tensor top = extremum_or_neutral<ops::max, -1>(x, axes, true);
  const Tensor y = ops::log(ops::sum(ops::exp(x - top), axes, true)) + top;
  return keep ? y : ops::reshape(y, reduced_shape(x.shape(), normalize_axes("log_sum_exp", axes, x.rank()), false));
}

using ArgExtremum = Tensor (*)(const Tensor& x, int64_t axis, bool keep);

template <ArgExtremum arg>
Tensors position(const NodeCase& c) {
  const Tensor x = c.in(0);
  const int64_t axis = c.integer("axis", 0), n = x.size(static_cast<int>(axis));
  const bool keep = c.flag("keepdims", true);
  if (!c.flag("select_last_index", false)) return {arg(x, axis, keep)};
  const Tensor last = full({}, static_cast<double>(n - 1), DType::i64);
  return {last - arg(ops::index_select(x, axis, last - counting(n)), axis, keep)};
}

/// Folds all prefixes along an axis: element i sees element j where `seen` holds, and `neutral` elsewhere.
template <Reduction reduce>
Tensors cumulative(const NodeCase& c, double neutral) {
  const Tensor x = c.in(0);
  const int axis = normalize_axis("cumulative", c.list(1)[0], x.rank());
  const int64_t n = x.size(axis);
  const bool exclusive = c.flag("exclusive", false), reverse = c.flag("reverse", false);
  const Tensor i = ops::reshape(counting(n), {n, 1}), j = counting(n);
  const Tensor seen = reverse ? (exclusive ? ops::greater(j, i) : ops::greater_equal(j, i))
                              : (exclusive ? ops::less(j, i) : ops::less_equal(j, i));
  const Tensor rows = ops::unsqueeze(ops::transpose(x, axis, -1), -2);  // […, 1, n] against [n, n]
  const Tensor y = reduce(ops::where(seen, rows, scalar_like(x, neutral)), {-1}, false);
  return {ops::cast(ops::transpose(y, axis, -1), x.dtype())};
}

}  // namespace

void add_reductions(OperatorTable& table) {
  table["ReduceSum"] = reduction<ops::sum>;
  table["ReduceMean"] = reduction<ops::mean>;
  table["ReduceProd"] = reduction<ops::prod>;
  table["ReduceMax"] = reduction<extremum_or_neutral<ops::max, -1>>;
  table["ReduceMin"] = reduction<extremum_or_neutral<ops::min, 1>>;
  table["ReduceL1"] = reduction<l1>;
  table["ReduceL2"] = reduction<l2>;
  table["ReduceSumSquare"] = reduction<sum_of_squares>;
  table["ReduceLogSum"] = reduction<log_sum>;
  table["ReduceLogSumExp"] = reduction<log_sum_exp>;
  table["ArgMax"] = position<ops::argmax>;
  table["ArgMin"] = position<ops::argmin>;
  table["CumSum"] = [](const NodeCase& c) { return cumulative<ops::sum>(c, 0); };
  table["CumProd"] = [](const NodeCase& c) { return cumulative<ops::prod>(c, 1); };
  table["Hardmax"] = [](const NodeCase& c) -> Tensors {
    const Tensor x = c.in(0);
    const int64_t axis = c.integer("axis", -1);
    const Tensor rows = ops::transpose(x, axis, -1);
    const Tensor hot = ops::equal(ops::argmax(rows, -1, true), counting(rows.size(-1)));
    return {ops::cast(ops::transpose(hot, axis, -1), x.dtype())};
  };
  table["TopK"] = [](const NodeCase& c) -> Tensors {
    const Tensor x = c.in(0);
    const int64_t axis = c.integer("axis", -1), k = c.list(1)[0];
    c.ignore("sorted");  // ours always is
    const bool largest = c.flag("largest", true);
    const Tensor rows = ops::transpose(x, axis, -1);
    const ops::TopK top = ops::topk(largest ? rows : ops::neg(rows), k);
    const Tensor values = largest ? top.values : ops::neg(top.values);
    return {ops::transpose(values, axis, -1), ops::transpose(top.indices, axis, -1)};
  };
}

}  // namespace triad::onnx
