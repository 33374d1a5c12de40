// What the losses that compare two tensors element by element share: l1_loss, mse_loss, bce_with_logits.
#pragma once

#include "triad/core/tensor/tensor.h"
#include "triad/ops/loss/reduction.h"
#include "triad/ops/registry/kernel_table.h"
#include "triad/ops/registry/op_spec.h"

namespace triad::ops {

enum class PairLoss { l1, mse, bce };

/// The public functions, with the names of their arguments for messages.
Tensor pair_loss(PairLoss function, std::string_view op, std::string_view x_name, std::string_view target_name,
                 const Tensor& x, const Tensor& target, Reduction reduction, const Tensor& weight);

/// Their specification; term(x, target) is the loss of an element in f64.
OpSpec pair_loss_spec(std::string_view name, std::string_view x_name, std::string_view target_name,
                      Tensor (*op)(const Tensor&, const Tensor&, Reduction, const Tensor&),
                      double (*term)(double x, double target));

/// Kernel interface. x, target contiguous; weight of the shape of x in the accumulation dtype, stretched by strides of
/// 0 from a contiguous tensor, or undefined. loss: a contiguous scalar or as x; total: f64 scalar, the sum of the
/// weights.
struct PairLossForward {
  PairLoss function;
  Reduction reduction;
  const Tensor &x, &target, &weight;
  Tensor &loss, &total;
};
/// Undefined dx or dtarget: not wanted.
struct PairLossBackward {
  PairLoss function;
  Reduction reduction;
  const Tensor &x, &target, &weight, &total, &dloss;
  Tensor &dx, &dtarget;
};
extern KernelTable<PairLossForward> pair_loss_forward;
extern KernelTable<PairLossBackward> pair_loss_backward;

}  // namespace triad::ops
