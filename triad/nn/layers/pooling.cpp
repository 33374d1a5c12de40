#include "triad/nn/layers/pooling.h"

#include "triad/nn/initialize.h"
#include "triad/nn/layers/attention.h"
#include "triad/ops/attention/attention.h"
#include "triad/ops/shape/concat.h"
#include "triad/ops/shape/reshape.h"

namespace triad::nn {

AttentionPool::AttentionPool(int64_t width, int64_t heads, double initial_stddev, RandomKey key)
    : query(truncated_normal({width}, initial_stddev, key.at("query"))),
      key_value(truncated_normal({2 * width, width}, initial_stddev, key.at("key_value"))),
      output(truncated_normal({width, width}, initial_stddev, key.at("output"))),
      heads_(heads) {
  check_heads("AttentionPool", width, heads);
}

void AttentionPool::visit(const Visitor& visitor) {
  visitor("query", query);
  visitor("key_value", key_value);
  visitor("output", output);
}

Tensor AttentionPool::forward(const Tensor& x_BTC, const Tensor& mask_BT) const {
  const int64_t batch = x_BTC.size(0), width = x_BTC.size(2);
  const std::vector<Tensor> kv = ops::split(key_value.forward(x_BTC), std::vector<int64_t>{width, width}, -1);
  const Tensor q = ops::expand(ops::reshape(query.as(x_BTC.dtype()), {1, 1, width}), {batch, 1, width});
  const Tensor y =
      ops::attention(split_heads(q, heads_), split_heads(kv[0], heads_), split_heads(kv[1], heads_), mask_BT);
  return output.forward(ops::reshape(join_heads(y), {batch, width}));
}

}  // namespace triad::nn
