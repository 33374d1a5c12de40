#pragma once

#include "triad/nn/module.h"
#include "triad/ops/matmul/linear.h"

namespace triad::nn {

/// y = activation(x W^T + b) over the last axis.
class Linear : public Module {
 public:
  /// `weight`: [out, in], already initialised; the bias starts at 0.
  explicit Linear(Tensor weight, bool with_bias = true);

  void visit(const Visitor& visitor) override;
  /// x: [..., in] → [..., out], computed in the dtype of x.
  Tensor forward(const Tensor& x, ops::Activation activation = ops::Activation::none) const;

  Parameter weight, bias;
};

}  // namespace triad::nn
