#pragma once

#include "triad/nn/module.h"
#include "triad/ops/conv/conv1d.h"
#include "triad/ops/conv/conv2d.h"

namespace triad::nn {

/// Convolution along the last axis of [B, channels, L].
class Conv1d : public Module {
 public:
  /// `weight`: [out, in / groups, kernel], already initialised; the bias starts at 0.
  Conv1d(Tensor weight, const ops::Conv1dOptions& options, bool with_bias = true);

  void visit(const Visitor& visitor) override;
  /// x: [B, in, L] → [B, out, output_length(L)].
  Tensor forward(const Tensor& x_BCL) const;
  /// Length of the output for an input of `length`.
  int64_t output_length(int64_t length) const;

  Parameter weight, bias;

 private:
  ops::Conv1dOptions options_;
};

/// Convolution over the last two axes of [B, channels, H, W].
class Conv2d : public Module {
 public:
  /// `weight`: [out, in / groups, kernel_h, kernel_w], already initialised; the bias starts at 0.
  Conv2d(Tensor weight, const ops::Conv2dOptions& options, bool with_bias = true);

  void visit(const Visitor& visitor) override;
  /// x: [B, in, H, W] → [B, out, H', W'], extents as ops::conv2d has them.
  Tensor forward(const Tensor& x_BCHW) const;

  Parameter weight, bias;

 private:
  ops::Conv2dOptions options_;
};

}  // namespace triad::nn
