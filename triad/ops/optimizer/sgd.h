#pragma once

#include "triad/core/tensor/tensor.h"
#include "triad/ops/registry/kernel_table.h"

namespace triad::ops {

struct SgdStep {
  double lr = 1e-2;
  double momentum = 0;
  bool nesterov = false;  ///< moves along the gradient after the next momentum step instead of along the buffer
  double weight_decay = 0;
  double gradient_scale = 1;  ///< every gradient is multiplied by it first (clipping)
  int64_t decayed = 0;        ///< weight decay applies to elements [0, decayed)
};

/// One step of gradient descent with momentum, in place, as torch.optim.SGD with a buffer that starts at 0:
///   g += wd p;  buffer = momentum buffer + g;  p -= lr buffer, or lr (g + momentum buffer) with nesterov
/// shapes   parameters, gradients, buffer: all [N]
/// dtypes   f32, contiguous
/// grads    none: it changes parameters in place
/// errors   ShapeError, DTypeError, DeviceError; ValueError for `decayed` outside of [0, N]
void sgd_step(Tensor& parameters, const Tensor& gradients, Tensor& buffer, const SgdStep& options);

struct SgdUpdate {
  Tensor& parameters;
  const Tensor& gradients;
  Tensor& buffer;
  const SgdStep& options;
};
extern KernelTable<SgdUpdate> sgd_update;

}  // namespace triad::ops
