#include "triad/ops/loss/l1.h"

#include <cmath>

#include "triad/ops/loss/pair_loss.h"

namespace triad::ops {

Tensor l1_loss(const Tensor& x, const Tensor& target, Reduction reduction, const Tensor& weight) {
  return pair_loss(PairLoss::l1, "l1_loss", "x", "target", x, target, reduction, weight);
}

namespace {

double term(double x, double target) { return std::abs(x - target); }
const RegisterOp registered([] { return pair_loss_spec("l1_loss", "x", "target", l1_loss, term); });

}  // namespace
}  // namespace triad::ops
