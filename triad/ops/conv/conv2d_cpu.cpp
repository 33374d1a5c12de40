#include "triad/ops/conv/conv2d.h"
#include "triad/ops/conv/conv2d_im2col_cpu.h"

namespace triad::ops {
namespace {

const RegisterKernel registered_forward(conv2d_forward, DeviceType::cpu, &conv2d_forward_im2col);
const RegisterKernel registered_backward(conv2d_backward, DeviceType::cpu, &conv2d_backward_im2col);

}  // namespace
}  // namespace triad::ops
