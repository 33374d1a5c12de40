#include "triad/nn/encoders/text_encoder.h"

#include "triad/nn/initialize.h"
#include "triad/nn/layers/dropout.h"
#include "triad/nn/layers/mask.h"
#include "triad/ops/elementwise/binary.h"
#include "triad/ops/shape/reshape.h"

namespace triad::nn {
namespace {

TransformerOptions block_options(const TextEncoderOptions& o) {
  return {.width = o.width,
          .heads = o.heads,
          .hidden = o.hidden,
          .order = NormOrder::post,
          .norm_eps = o.norm_eps,
          .dropout = o.dropout,
          .attention_dropout = o.attention_dropout,
          .initial_stddev = o.initial_stddev};
}

}  // namespace

TextEncoderOptions bert_preset(std::string_view name) {
  TextEncoderOptions o;
  if (name == "tiny") o.layers = 2, o.width = 128;
  else if (name == "mini") o.layers = 4, o.width = 256;
  else if (name == "small") o.layers = 4, o.width = 512;
  else if (name == "base") o.layers = 12, o.width = 768;
  else fail<ValueError>("bert_preset", "no preset '", name, "', expected tiny, mini, small or base");
  o.heads = o.width / 64;
  o.hidden = 4 * o.width;
  return o;
}

TextEncoder::TextEncoder(const TextEncoderOptions& o, RandomKey key)
    : tokens(truncated_normal({o.vocabulary, o.width}, o.initial_stddev, key.at("tokens"))),
      positions(truncated_normal({o.max_positions, o.width}, o.initial_stddev, key.at("positions"))),
      segments(truncated_normal({o.segments, o.width}, o.initial_stddev, key.at("segments"))),
      embedding_norm(o.width, o.norm_eps),
      options_(o) {
  for (int64_t i = 0; i < o.layers; ++i)
    layers.push_back(
        std::make_unique<TransformerBlock>(block_options(o), key.at("layers").at(static_cast<uint32_t>(i))));
}

void TextEncoder::visit(const Visitor& visitor) {
  visitor("tokens", tokens);
  visitor("positions", positions);
  visitor("segments", segments);
  visitor("embedding_norm", embedding_norm);
  visitor("layers", layers);
}

Tensor TextEncoder::forward(const Tensor& ids_BT, const Tensor& key_mask_BT, const Context& context,
                            const Tensor& segments_BT) const {
  check_rank("TextEncoder", "ids", ids_BT, 2);
  const int64_t length = ids_BT.size(1);
  require<ShapeError>(length <= options_.max_positions, "TextEncoder", "ids has ", length, " positions, the model ",
                      options_.max_positions, Hint{"cut the text when it is tokenised"});
  const DType dtype = context.dtype;
  const Tensor position = ops::slice(positions.weight.as(dtype), 0, 0, length);
  const Tensor segment =
      segments_BT.defined() ? segments.forward(segments_BT, dtype) : ops::select(segments.weight.as(dtype), 0, 0);
  Tensor x = embedding_norm.forward(tokens.forward(ids_BT, dtype) + (position + segment));
  x = dropout(x, options_.dropout, context.at("embeddings"));
  for (size_t i = 0; i < layers.size(); ++i) x = layers[i]->forward(x, key_mask_BT, context.at(str("layers.", i)));
  return x;
}

Tensor TextEncoder::pool(const Tensor& hidden_BTC, const Tensor& key_mask_BT) const {
  return options_.pooling == TextPooling::cls ? ops::select(hidden_BTC, 1, 0) : masked_mean(hidden_BTC, key_mask_BT);
}

}  // namespace triad::nn
