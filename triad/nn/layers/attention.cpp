#include "triad/nn/layers/attention.h"

#include <cmath>
#include <limits>

#include "triad/nn/initialize.h"
#include "triad/ops/attention/attention.h"
#include "triad/ops/elementwise/binary.h"
#include "triad/ops/elementwise/where.h"
#include "triad/ops/index/index_select.h"
#include "triad/ops/matmul/matmul.h"
#include "triad/ops/shape/concat.h"
#include "triad/ops/shape/reshape.h"
#include "triad/ops/softmax/softmax.h"

namespace triad::nn {
namespace {

ops::AttentionOptions attention_options(double dropout, const Context& context) {
  return {.dropout = context.training ? dropout : 0, .key = context.key.at("weights")};
}

/// The last axis in `parts` equal pieces.
std::vector<Tensor> split_evenly(const Tensor& x, int64_t parts) {
  return ops::split(x, std::vector<int64_t>(static_cast<size_t>(parts), x.size(-1) / parts), -1);
}

}  // namespace

void check_heads(std::string_view where, int64_t width, int64_t heads) {
  require<ShapeError>(heads > 0 && width % heads == 0, where, "width ", width, " does not divide into ", heads,
                      " heads");
}

Tensor split_heads(const Tensor& x_BTC, int64_t heads) {
  return ops::transpose(ops::reshape(x_BTC, {x_BTC.size(0), x_BTC.size(1), heads, x_BTC.size(2) / heads}), 1, 2);
}

Tensor join_heads(const Tensor& x_BHTD) {
  return ops::reshape(ops::transpose(x_BHTD, 1, 2), {x_BHTD.size(0), x_BHTD.size(2), x_BHTD.size(1) * x_BHTD.size(3)});
}

SelfAttention::SelfAttention(int64_t width, int64_t heads, double dropout, double initial_stddev, double output_stddev,
                             RandomKey key)
    : query_key_value(truncated_normal({3 * width, width}, initial_stddev, key.at("query_key_value"))),
      output(truncated_normal({width, width}, output_stddev, key.at("output"))),
      heads_(heads),
      dropout_(dropout) {
  check_heads("SelfAttention", width, heads);
}

void SelfAttention::visit(const Visitor& visitor) {
  visitor("query_key_value", query_key_value);
  visitor("output", output);
}

Tensor SelfAttention::forward(const Tensor& x_BTC, const Tensor& key_mask_BT, const Context& context) const {
  const std::vector<Tensor> qkv = split_evenly(query_key_value.forward(x_BTC), 3);
  const Tensor y = ops::attention(split_heads(qkv[0], heads_), split_heads(qkv[1], heads_), split_heads(qkv[2], heads_),
                                  key_mask_BT, attention_options(dropout_, context));
  return output.forward(join_heads(y));
}

CrossAttention::CrossAttention(int64_t width, int64_t memory_width, int64_t heads, double dropout,
                               double initial_stddev, double output_stddev, RandomKey key)
    : query(truncated_normal({width, width}, initial_stddev, key.at("query"))),
      key_value(truncated_normal({2 * width, memory_width}, initial_stddev, key.at("key_value"))),
      output(truncated_normal({width, width}, output_stddev, key.at("output"))),
      heads_(heads),
      dropout_(dropout) {
  check_heads("CrossAttention", width, heads);
}

void CrossAttention::visit(const Visitor& visitor) {
  visitor("query", query);
  visitor("key_value", key_value);
  visitor("output", output);
}

CrossAttention::Projected CrossAttention::project(const Memory& memory) const {
  Tensor projected = key_value.forward(memory.values_PSC), mask = memory.mask_PS;
  if (memory.rows_B.defined()) {
    projected = ops::index_select(projected, 0, memory.rows_B);
    if (mask.defined()) mask = ops::index_select(mask, 0, memory.rows_B);
  }
  const std::vector<Tensor> kv = split_evenly(projected, 2);
  return {split_heads(kv[0], heads_), split_heads(kv[1], heads_), mask};
}

Tensor CrossAttention::forward(const Tensor& x_BTC, const Memory& memory, const Context& context) const {
  const Projected read = project(memory);
  const Tensor y = ops::attention(split_heads(query.forward(x_BTC), heads_), read.keys_BHSD, read.values_BHSD,
                                  read.mask_BS, attention_options(dropout_, context));
  return output.forward(join_heads(y));
}

Tensor CrossAttention::weights(const Tensor& x_BTC, const Memory& memory) const {
  const Projected read = project(memory);
  return attention_weights(split_heads(query.forward(x_BTC), heads_), read.keys_BHSD, read.mask_BS);
}

Tensor attention_weights(const Tensor& q_BHTD, const Tensor& k_BHSD, const Tensor& key_mask_BS) {
  Tensor scores = ops::matmul(q_BHTD, ops::transpose(k_BHSD, 2, 3)) / std::sqrt(static_cast<double>(q_BHTD.size(3)));
  if (key_mask_BS.defined()) {
    check_shape("attention_weights", "key_mask", key_mask_BS, {k_BHSD.size(0), k_BHSD.size(2)});
    const Tensor seen = ops::unsqueeze(ops::unsqueeze(key_mask_BS, 1), 1);
    scores =
        ops::where(seen, scores, full({}, -std::numeric_limits<double>::infinity(), scores.dtype(), scores.device()));
  }
  return ops::softmax(scores);
}

}  // namespace triad::nn
