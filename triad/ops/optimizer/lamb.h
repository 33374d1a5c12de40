#pragma once

#include <span>

#include "triad/core/tensor/tensor.h"
#include "triad/ops/registry/kernel_table.h"

namespace triad::ops {

struct LambStep {
  double lr = 1e-3;
  double beta1 = 0.9;
  double beta2 = 0.999;
  double eps = 1e-6;
  double weight_decay = 0.01;
  int64_t step = 1;           ///< counts from 1; corrects the bias of the moments
  double gradient_scale = 1;  ///< every gradient is multiplied by it first (clipping)
};

/// A parameter tensor within the flat arrays.
struct LambLayer {
  int64_t first = 0;
  int64_t count = 0;
  bool adapts =
      true;  ///< weight decay and the trust ratio apply; false for biases and norms, as in the BERT experiments
};

/// One step of LAMB, in place. With m, v, and their bias-corrected forms m^, v^ as in AdamW, for every layer
///   r = m^ / (sqrt(v^) + eps) + wd p;  p -= lr (|p| / |r|) r,
/// the ratio being 1 where either norm is 0.                                          [arXiv:1904.00962, algorithm 2]
/// shapes   parameters, gradients, m, v: all [N]; layers do not overlap. Elements outside of all layers stay as they are
/// dtypes   f32, contiguous; norms accumulate in f64
/// grads    none: it changes parameters in place
/// errors   ShapeError, DTypeError, DeviceError; ValueError for a step below 1 or a layer outside of [0, N]
void lamb_step(Tensor& parameters, const Tensor& gradients, Tensor& m, Tensor& v, std::span<const LambLayer> layers,
               const LambStep& options);

struct LambUpdate {
  Tensor& parameters;
  const Tensor& gradients;
  Tensor &m, &v;
  Tensor& direction;  ///< scratch [N]
  std::span<const LambLayer> layers;
  const LambStep& options;
};
extern KernelTable<LambUpdate> lamb_update;

}  // namespace triad::ops
