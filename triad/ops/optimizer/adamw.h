#pragma once

#include "triad/core/tensor/tensor.h"
#include "triad/ops/registry/kernel_table.h"

namespace triad::ops {

struct AdamWStep {
  double lr = 1e-3;
  double beta1 = 0.9;
  double beta2 = 0.999;
  double eps = 1e-8;
  double weight_decay = 0.01;
  int64_t step = 1;           ///< counts from 1; corrects the bias of the moments
  double gradient_scale = 1;  ///< every gradient is multiplied by it first (clipping)
  int64_t decayed = 0;        ///< weight decay applies to elements [0, decayed)
};

/// One step of AdamW, in place, as torch.optim.AdamW:                                               [arXiv:1711.05101]
///   p -= lr wd p;  m = b1 m + (1-b1) g;  v = b2 v + (1-b2) g^2;  p -= lr (m / (1-b1^t)) / (sqrt(v / (1-b2^t)) + eps)
/// shapes   parameters, gradients, m, v: all [N]
/// dtypes   f32, contiguous
/// grads    none: it changes parameters in place
/// errors   ShapeError, DTypeError, DeviceError; ValueError for a step below 1 or `decayed` outside of [0, N]
void adamw_step(Tensor& parameters, const Tensor& gradients, Tensor& m, Tensor& v, const AdamWStep& options);

struct AdamWUpdate {
  Tensor& parameters;
  const Tensor& gradients;
  Tensor &m, &v;
  const AdamWStep& options;
};
extern KernelTable<AdamWUpdate> adamw_update;

/// The checks optimizers share: every array is contiguous f32 of the shape of `parameters`, on its device.
void check_flat(std::string_view op, std::string_view argument, const Tensor& t, const Tensor& parameters);

}  // namespace triad::ops
