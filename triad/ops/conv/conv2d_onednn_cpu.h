// Convolution by oneDNN.
#pragma once

#include "triad/ops/conv/conv2d.h"

namespace triad::ops {

/// As the kernels of conv2d, for f32 and bf16. False, with nothing written, where this processor or this oneDNN has no
/// kernel for it, and for empty tensors.
bool conv2d_forward_onednn(const Conv2dForward& args);
bool conv2d_backward_onednn(const Conv2dBackward& args);

}  // namespace triad::ops
