#include "triad/ops/softmax/log_softmax.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "triad/autograd/node.h"
#include "triad/ops/registry/op_spec.h"
#include "triad/ops/softmax/axis_last.h"
#include "triad/ops/softmax/softmax_samples.h"

namespace triad::ops {

constinit KernelTable<LogSoftmaxForward> log_softmax_forward{"log_softmax"};
constinit KernelTable<LogSoftmaxBackward> log_softmax_backward{"log_softmax backward"};

Tensor log_softmax(const Tensor& x_in, int64_t axis_in) {
  check_floating("log_softmax", "x", x_in);
  const int axis = normalize_axis("log_softmax", axis_in, x_in.rank());
  const Tensor x = axis_last(x_in, axis);
  Tensor y = empty_like(x);
  log_softmax_forward(x.device(), {x, y});
  return record("log_softmax", {x_in}, axis_back(y, axis), {y}, [axis](const Backward& b) -> Gradients {
    const Tensor dy = axis_last(b.dy(), axis);
    Tensor dx = empty_like(dy);
    log_softmax_backward(dx.device(), {b.saved(0), dy, dx});
    return {axis_back(dx, axis)};
  });
}

namespace {

void naive(std::vector<double>& row) {
  double largest = -std::numeric_limits<double>::infinity(), sum = 0;
  for (const double v : row) largest = std::max(largest, v);
  if (std::isinf(largest) && largest < 0) largest = 0;
  for (const double v : row) sum += std::exp(v - largest);
  if (sum == 0) return;
  for (double& v : row) v = v - largest - std::log(sum);
}

const RegisterOp registered([] { return softmax_spec<log_softmax>("log_softmax", naive); });

}  // namespace
}  // namespace triad::ops
