// Normalisation with a learned scale and shift, which do not decay.
#pragma once

#include "triad/nn/module.h"

namespace triad::nn {

/// Over the last axis.                                                                              [arXiv:1607.06450]
class LayerNorm : public Module {
 public:
  LayerNorm(int64_t width, double eps);

  void visit(const Visitor& visitor) override;
  /// x: [..., width] → same.
  Tensor forward(const Tensor& x) const;

  Parameter weight, bias;

 private:
  double eps_;
};

/// Over groups of channels and all positions, or the visible positions only.                        [arXiv:1803.08494]
class GroupNorm : public Module {
 public:
  /// ShapeError for channels that do not divide into the groups.
  GroupNorm(int64_t channels, int64_t groups, double eps = 1e-5);

  void visit(const Visitor& visitor) override;
  /// x: [B, channels, ...], visible: bool [B, ...] or undefined → same as x; 0 where not visible.
  Tensor forward(const Tensor& x, const Tensor& visible = {}) const;

  Parameter weight, bias;

 private:
  int64_t groups_;
  double eps_;
};

}  // namespace triad::nn
