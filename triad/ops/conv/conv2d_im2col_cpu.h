// Convolution as matrix products over unfolded windows: for the types and shapes oneDNN does not take.
#pragma once

#include "triad/ops/conv/conv2d.h"

namespace triad::ops {

/// As the kernels of conv2d; every floating dtype, the 16-bit ones through f32 copies.
void conv2d_forward_im2col(const Conv2dForward& args);
void conv2d_backward_im2col(const Conv2dBackward& args);

}  // namespace triad::ops
