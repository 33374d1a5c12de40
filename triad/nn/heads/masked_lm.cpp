#include "triad/nn/heads/masked_lm.h"

#include "triad/nn/initialize.h"
#include "triad/ops/index/index_select.h"
#include "triad/ops/matmul/linear.h"
#include "triad/ops/shape/reshape.h"

namespace triad::nn {

MaskedLmHead::MaskedLmHead(int64_t width, int64_t vocabulary, double norm_eps, double initial_stddev, RandomKey key)
    : transform(truncated_normal({width, width}, initial_stddev, key.at("transform"))),
      norm(width, norm_eps),
      bias(zeros({vocabulary}), /*decays=*/false) {}

void MaskedLmHead::visit(const Visitor& visitor) {
  visitor("transform", transform);
  visitor("norm", norm);
  visitor("bias", bias);
}

Tensor MaskedLmHead::forward(const Tensor& hidden, const Embedding& tokens) const {
  const Tensor x = norm.forward(transform.forward(hidden, ops::Activation::gelu));
  return ops::linear(x, tokens.weight.as(x.dtype()), bias.as(x.dtype()));
}

Tensor rows_at(const Tensor& hidden_BTC, const Tensor& positions) {
  return ops::index_select(ops::flatten(hidden_BTC, 0, 1), 0, positions);
}

}  // namespace triad::nn
