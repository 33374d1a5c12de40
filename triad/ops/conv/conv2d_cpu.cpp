#include "triad/ops/conv/conv2d.h"
#include "triad/ops/conv/conv2d_im2col_cpu.h"
#include "triad/ops/conv/conv2d_onednn_cpu.h"

namespace triad::ops {
namespace {

void forward(const Conv2dForward& args) {
  if (!conv2d_forward_onednn(args)) conv2d_forward_im2col(args);
}
void backward(const Conv2dBackward& args) {
  if (!conv2d_backward_onednn(args)) conv2d_backward_im2col(args);
}

const RegisterKernel registered_forward(conv2d_forward, DeviceType::cpu, &forward);
const RegisterKernel registered_backward(conv2d_backward, DeviceType::cpu, &backward);

}  // namespace
}  // namespace triad::ops
