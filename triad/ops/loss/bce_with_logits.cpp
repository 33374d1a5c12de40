#include "triad/ops/loss/bce_with_logits.h"

#include <cmath>

#include "triad/ops/loss/pair_loss.h"

namespace triad::ops {

Tensor bce_with_logits(const Tensor& logits, const Tensor& targets, Reduction reduction, const Tensor& weight) {
  return pair_loss(PairLoss::bce, "bce_with_logits", "logits", "targets", logits, targets, reduction, weight);
}

namespace {

/// -t log sigmoid(x) - (1 - t) log(1 - sigmoid(x)), with log sigmoid(x) = -log(1 + exp(-x)) in the stable one of two
/// forms.
double term(double x, double t) {
  const auto minus_log_sigmoid = [](double v) {
    return v > 0 ? std::log1p(std::exp(-v)) : std::log1p(std::exp(v)) - v;
  };
  return t * minus_log_sigmoid(x) + (1 - t) * minus_log_sigmoid(-x);
}
const RegisterOp registered([] {
  return pair_loss_spec("bce_with_logits", "logits", "targets", bce_with_logits, term);
});

}  // namespace
}  // namespace triad::ops
