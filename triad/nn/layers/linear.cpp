#include "triad/nn/layers/linear.h"

namespace triad::nn {

Linear::Linear(Tensor initial_weight, bool with_bias) : weight(std::move(initial_weight)) {
  if (with_bias) bias = Parameter(zeros({weight.shape()[0]}), /*decays=*/false);
}

void Linear::visit(const Visitor& visitor) {
  visitor("weight", weight);
  visitor("bias", bias);
}

Tensor Linear::forward(const Tensor& x, ops::Activation activation) const {
  return ops::linear(x, weight.as(x.dtype()), bias.as(x.dtype()), activation);
}

}  // namespace triad::nn
