#pragma once

#include "triad/nn/layers/linear.h"
#include "triad/nn/module.h"

namespace triad::nn {

/// From the width of an encoder into the shared space: linear without bias, then vectors of length 1, in f32.
class Projection : public Module {
 public:
  Projection(int64_t width, int64_t shared_width, RandomKey key);

  void visit(const Visitor& visitor) override;
  /// x: [B, width] → f32 [B, shared_width], each row of L2 norm 1.
  Tensor forward(const Tensor& x_BC) const;

  Linear linear;
};

}  // namespace triad::nn
