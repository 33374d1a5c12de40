#include "triad/ops/conv/conv_check.h"

namespace triad::ops {

void check_conv_arguments(std::string_view op, const Tensor& x, const Tensor& weight, const Tensor& bias,
                          const Shape& stride, const Shape& padding, int64_t groups) {
  check_floating(op, "x", x);
  check_rank(op, "x", x, 2 + stride.rank());
  check_same_dtype(op, "weight", weight, x);
  check_same_device(op, "weight", weight, x);
  check_rank(op, "weight", weight, 2 + stride.rank());
  const int64_t channels = x.size(1), outputs = weight.size(0);
  require<ValueError>(groups >= 1 && channels % groups == 0 && outputs % groups == 0, op, "groups is ", groups,
                      ", expected a divisor of ", channels, " channels of x and of ", outputs, " rows of weight");
  require<ShapeError>(weight.size(1) == channels / groups, op, "weight has shape ", weight.shape(), ", expected [O, ",
                      channels / groups, ", ...] for ", channels, " channels of x in ", groups, " groups");
  for (int axis = 0; axis < stride.rank(); ++axis) {
    require<ValueError>(stride[axis] >= 1, op, "stride is ", stride[axis], ", expected at least 1");
    require<ValueError>(padding[axis] >= 0, op, "padding is ", padding[axis], ", expected at least 0");
    const int64_t window = weight.size(2 + axis), padded = x.size(2 + axis) + 2 * padding[axis];
    require<ShapeError>(window >= 1, op, "weight has shape ", weight.shape(), ", expected a window of at least 1");
    require<ShapeError>(padded >= window, op, "axis ", 2 + axis, " of x ", x.shape(), " has ", padded,
                        " elements with padding, fewer than the ", window, " of the window", Hint{"pad the input"});
  }
  if (!bias.defined()) return;
  check_same_dtype(op, "bias", bias, x);
  check_same_device(op, "bias", bias, x);
  check_shape(op, "bias", bias, {outputs});
}

}  // namespace triad::ops
