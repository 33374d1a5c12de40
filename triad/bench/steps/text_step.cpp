#include "triad/bench/steps/text_step.h"

#include "triad/ops/loss/cross_entropy.h"

namespace triad::bench {

nn::TextEncoderOptions text_encoder_options(const TextStepOptions& o) {
  return {.vocabulary = o.vocabulary,
          .width = o.width,
          .layers = o.layers,
          .heads = o.width / 64,
          .hidden = 4 * o.width,
          .dropout = o.dropout,
          .attention_dropout = o.dropout};
}

TextStep::TextStep(const TextStepOptions& o, RandomKey key)
    : options_(o),
      encoder_(text_encoder_options(o), key.at("encoder")),
      head_(o.width, o.vocabulary, encoder_.options().norm_eps, encoder_.options().initial_stddev, key.at("head")),
      texts_(random_texts(o.batch, o.positions, o.vocabulary, key.at("texts"))),
      masked_(random_positions(texts_.seen_BT, key.at("masked"))),
      labels_(random_ids(masked_.shape(), 0, o.vocabulary, key.at("labels"))) {}

void TextStep::visit(const nn::Visitor& visitor) {
  visitor("encoder", encoder_);
  visitor("head", head_);
}

Tensor TextStep::loss(const nn::Context& context) const {
  const Tensor hidden = encoder_.forward(texts_.ids_BT, texts_.seen_BT, context);
  return ops::cross_entropy(head_.forward(nn::rows_at(hidden, masked_), encoder_.tokens), labels_);
}

std::vector<NamedTensor> TextStep::batch() const {
  return {{"ids", texts_.ids_BT}, {"seen", texts_.seen_BT}, {"masked", masked_}, {"labels", labels_}};
}

double TextStep::flops() const {
  const TextStepOptions& o = options_;
  const double head = product_flops(masked_.numel(), o.width, o.width + o.vocabulary);
  return 3 * (block_flops(o.layers, o.batch, o.positions, o.width) + head);
}

}  // namespace triad::bench
