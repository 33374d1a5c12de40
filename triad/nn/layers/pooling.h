#pragma once

#include "triad/nn/layers/linear.h"
#include "triad/nn/module.h"

namespace triad::nn {

/// One vector from a sequence: learned queries, one a head, attend to all positions.             [arXiv:2104.05704, SeqPool]
class AttentionPool : public Module {
 public:
  /// ShapeError for a width that does not divide into the heads.
  AttentionPool(int64_t width, int64_t heads, double initial_stddev, RandomKey key);

  void visit(const Visitor& visitor) override;
  /// x: [B, T, C], mask: bool [B, T] or undefined → [B, C]. A row whose mask is all false gives the output bias.
  Tensor forward(const Tensor& x_BTC, const Tensor& mask_BT) const;

  Parameter query;  ///< [C]
  Linear key_value, output;

 private:
  int64_t heads_;
};

}  // namespace triad::nn
