#pragma once

#include "triad/nn/module.h"
#include "triad/ops/random/dropout.h"

namespace triad::nn {

/// x with dropout of probability p while training, from the random stream of the context.
inline Tensor dropout(const Tensor& x, double p, const Context& context) {
  return context.training && p > 0 ? ops::dropout(x, p, context.key) : x;
}

}  // namespace triad::nn
