#include "triad/ops/softmax/softmax.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "triad/autograd/node.h"
#include "triad/ops/registry/op_spec.h"
#include "triad/ops/softmax/axis_last.h"
#include "triad/ops/softmax/softmax_samples.h"

namespace triad::ops {

constinit KernelTable<SoftmaxForward> softmax_forward{"softmax"};
constinit KernelTable<SoftmaxBackward> softmax_backward{"softmax backward"};

Tensor softmax(const Tensor& x_in, int64_t axis_in) {
  check_floating("softmax", "x", x_in);
  const int axis = normalize_axis("softmax", axis_in, x_in.rank());
  const Tensor x = axis_last(x_in, axis);
  Tensor y = empty_like(x);
  softmax_forward(x.device(), {x, y});
  return record("softmax", {x_in}, axis_back(y, axis), {y}, [axis](const Backward& b) -> Gradients {
    const Tensor dy = axis_last(b.dy(), axis);
    Tensor dx = empty_like(dy);
    softmax_backward(dx.device(), {b.saved(0), dy, dx});
    return {axis_back(dx, axis)};
  });
}

namespace {

void naive(std::vector<double>& row) {
  double largest = -std::numeric_limits<double>::infinity(), sum = 0;
  for (const double v : row) largest = std::max(largest, v);
  if (std::isinf(largest) && largest < 0) largest = 0;
  for (double& v : row) sum += v = std::exp(v - largest);
  for (double& v : row) v = sum == 0 ? 0 : v / sum;
}

const RegisterOp registered([] { return softmax_spec<softmax>("softmax", naive); });

}  // namespace
}  // namespace triad::ops
