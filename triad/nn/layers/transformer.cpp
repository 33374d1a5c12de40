#include "triad/nn/layers/transformer.h"

#include "triad/nn/initialize.h"
#include "triad/nn/layers/dropout.h"
#include "triad/ops/elementwise/binary.h"

namespace triad::nn {

FeedForward::FeedForward(int64_t width, int64_t hidden, double initial_stddev, double outer_stddev, RandomKey key)
    : inner(truncated_normal({hidden, width}, initial_stddev, key.at("inner"))),
      outer(truncated_normal({width, hidden}, outer_stddev, key.at("outer"))) {}

void FeedForward::visit(const Visitor& visitor) {
  visitor("inner", inner);
  visitor("outer", outer);
}

Tensor FeedForward::forward(const Tensor& x) const { return outer.forward(inner.forward(x, ops::Activation::gelu)); }

TransformerBlock::TransformerBlock(const TransformerOptions& o, RandomKey key)
    : attention(o.width, o.heads, o.attention_dropout, o.initial_stddev, o.residual_stddev(), key.at("attention")),
      attention_norm(o.width, o.norm_eps),
      feed_forward(o.width, o.hidden, o.initial_stddev, o.residual_stddev(), key.at("feed_forward")),
      feed_forward_norm(o.width, o.norm_eps),
      order_(o.order),
      dropout_(o.dropout) {}

void TransformerBlock::visit(const Visitor& visitor) {
  visitor("attention", attention);
  visitor("attention_norm", attention_norm);
  visitor("feed_forward", feed_forward);
  visitor("feed_forward_norm", feed_forward_norm);
}

Tensor TransformerBlock::forward(const Tensor& x_BTC, const Tensor& key_mask_BT, const Context& context) const {
  const Context attention_context = context.at("attention"), feed_forward_context = context.at("feed_forward");
  const auto attend = [&](const Tensor& x) {
    return dropout(attention.forward(x, key_mask_BT, attention_context), dropout_, attention_context);
  };
  const auto feed = [&](const Tensor& x) { return dropout(feed_forward.forward(x), dropout_, feed_forward_context); };
  if (order_ == NormOrder::post) {
    const Tensor x = attention_norm.forward(x_BTC + attend(x_BTC));
    return feed_forward_norm.forward(x + feed(x));
  }
  const Tensor x = x_BTC + attend(attention_norm.forward(x_BTC));
  return x + feed(feed_forward_norm.forward(x));
}

FusionBlock::FusionBlock(const TransformerOptions& o, int64_t memory_width, RandomKey key)
    : attention(o.width, o.heads, o.attention_dropout, o.initial_stddev, o.residual_stddev(), key.at("attention")),
      attention_norm(o.width, o.norm_eps),
      cross_attention(o.width, memory_width, o.heads, o.attention_dropout, o.initial_stddev, o.residual_stddev(),
                      key.at("cross_attention")),
      cross_attention_norm(o.width, o.norm_eps),
      feed_forward(o.width, o.hidden, o.initial_stddev, o.residual_stddev(), key.at("feed_forward")),
      feed_forward_norm(o.width, o.norm_eps),
      dropout_(o.dropout) {
  require<ValueError>(o.order == NormOrder::pre, "FusionBlock", "only the pre-norm order exists");
}

void FusionBlock::visit(const Visitor& visitor) {
  visitor("attention", attention);
  visitor("attention_norm", attention_norm);
  visitor("cross_attention", cross_attention);
  visitor("cross_attention_norm", cross_attention_norm);
  visitor("feed_forward", feed_forward);
  visitor("feed_forward_norm", feed_forward_norm);
}

Tensor FusionBlock::attend_to_self(const Tensor& x_BTC, const Tensor& key_mask_BT, const Context& context) const {
  return x_BTC + dropout(attention.forward(attention_norm.forward(x_BTC), key_mask_BT, context), dropout_, context);
}

Tensor FusionBlock::forward(const Tensor& x_BTC, const Tensor& key_mask_BT, const Memory& memory,
                            const Context& context) const {
  const Context cross = context.at("cross_attention"), feed = context.at("feed_forward");
  Tensor x = attend_to_self(x_BTC, key_mask_BT, context.at("attention"));
  x = x + dropout(cross_attention.forward(cross_attention_norm.forward(x), memory, cross), dropout_, cross);
  return x + dropout(feed_forward.forward(feed_forward_norm.forward(x)), dropout_, feed);
}

Tensor FusionBlock::cross_attention_weights(const Tensor& x_BTC, const Tensor& key_mask_BT,
                                            const Memory& memory) const {
  const Tensor x = attend_to_self(x_BTC, key_mask_BT, {.dtype = x_BTC.dtype()});
  return cross_attention.weights(cross_attention_norm.forward(x), memory);
}

}  // namespace triad::nn
