#include "tests/ops/onnx/operators.h"
#include "triad/ops/elementwise/binary.h"
#include "triad/ops/elementwise/cast.h"
#include "triad/ops/elementwise/unary.h"
#include "triad/ops/elementwise/where.h"
#include "triad/ops/index/gather.h"
#include "triad/ops/index/index_select.h"
#include "triad/ops/reduce/sum.h"
#include "triad/ops/shape/reshape.h"
#include "triad/ops/softmax/log_softmax.h"

namespace triad::onnx {
namespace {

/// -weight[target] * log_prob[n, target, …], the ignored ones 0; the mean is over the weights.
Tensor negative_log_likelihood(const NodeCase& c, const Tensor& log_prob) {
  const Tensor target = ops::cast(c.in(1), DType::i64), zero = scalar_like(target, 0);
  const Tensor ones = full({log_prob.size(1)}, 1, log_prob.dtype());
  const Tensor ignored =
      c.has_attribute("ignore_index")
          ? ops::equal(target, scalar_like(target, static_cast<double>(c.integer("ignore_index", 0))))
          : full(target.shape(), 0, DType::boolean);
  const Tensor safe = ops::where(ignored, zero, target);
  const Tensor weight = ops::where(ignored, scalar_like(log_prob, 0), ops::index_select(c.in(2, ones), 0, safe));
  const Tensor chosen = ops::squeeze(ops::gather(log_prob, 1, ops::unsqueeze(safe, 1)), 1);
  const Tensor loss = ops::neg(chosen) * weight;
  const std::string reduction = c.text("reduction", "mean");
  if (reduction == "none") return loss;
  return reduction == "sum" ? ops::sum(loss) : ops::sum(loss) / ops::sum(weight);
}

}  // namespace

void add_losses(OperatorTable& table) {
  table["NegativeLogLikelihoodLoss"] = [](const NodeCase& c) -> Tensors {
    return {negative_log_likelihood(c, c.in(0))};
  };
  table["SoftmaxCrossEntropyLoss"] = [](const NodeCase& c) -> Tensors {
    const Tensor log_prob = ops::log_softmax(c.in(0), 1);
    return {negative_log_likelihood(c, log_prob), log_prob};
  };
}

}  // namespace triad::onnx
