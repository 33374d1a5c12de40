// What conv1d and conv2d check alike.
#pragma once

#include <span>
#include <string_view>

#include "triad/core/tensor/tensor.h"

namespace triad::ops {

/// Throws unless x [B, C, spatial…], weight [O, C/groups, spatial…], bias [O] or undefined and the options, one entry a
/// spatial axis, fit together.
void check_conv_arguments(std::string_view op, const Tensor& x, const Tensor& weight, const Tensor& bias,
                          const Shape& stride, const Shape& padding, int64_t groups);

}  // namespace triad::ops
