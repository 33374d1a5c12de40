// The definition of a convolution, for tests.
#pragma once

#include "triad/ops/conv/conv2d.h"
#include "triad/ops/registry/op_spec.h"

namespace triad::ops {

/// The sum in the documentation of conv2d, term by term in f64.
Tensor naive_conv2d(const Tensor& x, const Tensor& weight, const Tensor& bias, const Conv2dOptions& options);

}  // namespace triad::ops
