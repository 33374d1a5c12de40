#include "triad/nn/layers/convolution.h"

namespace triad::nn {
namespace {

Parameter zero_bias(bool wanted, int64_t channels) {
  return wanted ? Parameter(zeros({channels}), /*decays=*/false) : Parameter();
}

}  // namespace

Conv1d::Conv1d(Tensor initial_weight, const ops::Conv1dOptions& options, bool with_bias)
    : weight(std::move(initial_weight)), bias(zero_bias(with_bias, weight.shape()[0])), options_(options) {}

void Conv1d::visit(const Visitor& visitor) {
  visitor("weight", weight);
  visitor("bias", bias);
}

Tensor Conv1d::forward(const Tensor& x_BCL) const {
  return ops::conv1d(x_BCL, weight.as(x_BCL.dtype()), bias.as(x_BCL.dtype()), options_);
}

int64_t Conv1d::output_length(int64_t length) const {
  const int64_t reach = length + 2 * options_.padding - weight.shape()[2];
  return reach < 0 ? 0 : reach / options_.stride + 1;
}

Conv2d::Conv2d(Tensor initial_weight, const ops::Conv2dOptions& options, bool with_bias)
    : weight(std::move(initial_weight)), bias(zero_bias(with_bias, weight.shape()[0])), options_(options) {}

void Conv2d::visit(const Visitor& visitor) {
  visitor("weight", weight);
  visitor("bias", bias);
}

Tensor Conv2d::forward(const Tensor& x_BCHW) const {
  return ops::conv2d(x_BCHW, weight.as(x_BCHW.dtype()), bias.as(x_BCHW.dtype()), options_);
}

}  // namespace triad::nn
