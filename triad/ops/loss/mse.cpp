#include "triad/ops/loss/mse.h"

#include "triad/ops/loss/pair_loss.h"

namespace triad::ops {

Tensor mse_loss(const Tensor& x, const Tensor& target, Reduction reduction, const Tensor& weight) {
  return pair_loss(PairLoss::mse, "mse_loss", "x", "target", x, target, reduction, weight);
}

namespace {

double term(double x, double target) { return (x - target) * (x - target); }
const RegisterOp registered([] { return pair_loss_spec("mse_loss", "x", "target", mse_loss, term); });

}  // namespace
}  // namespace triad::ops
