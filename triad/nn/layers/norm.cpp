#include "triad/nn/layers/norm.h"

#include "triad/ops/norm/group_norm.h"
#include "triad/ops/norm/layer_norm.h"

namespace triad::nn {

LayerNorm::LayerNorm(int64_t width, double eps)
    : weight(full({width}, 1), /*decays=*/false), bias(zeros({width}), /*decays=*/false), eps_(eps) {}

void LayerNorm::visit(const Visitor& visitor) {
  visitor("weight", weight);
  visitor("bias", bias);
}

Tensor LayerNorm::forward(const Tensor& x) const {
  return ops::layer_norm(x, weight.as(x.dtype()), bias.as(x.dtype()), eps_);
}

GroupNorm::GroupNorm(int64_t channels, int64_t groups, double eps)
    : weight(full({channels}, 1), /*decays=*/false),
      bias(zeros({channels}), /*decays=*/false),
      groups_(groups),
      eps_(eps) {
  require<ShapeError>(groups > 0 && channels % groups == 0, "GroupNorm", channels, " channels do not divide into ",
                      groups, " groups");
}

void GroupNorm::visit(const Visitor& visitor) {
  visitor("weight", weight);
  visitor("bias", bias);
}

Tensor GroupNorm::forward(const Tensor& x, const Tensor& visible) const {
  return ops::group_norm(x, groups_, weight.as(x.dtype()), bias.as(x.dtype()), eps_, visible);
}

}  // namespace triad::nn
