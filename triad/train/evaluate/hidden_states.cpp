#include "triad/train/evaluate/hidden_states.h"

#include <algorithm>

#include "triad/autograd/grad_mode.h"
#include "triad/nn/layers/mask.h"
#include "triad/ops/shape/concat.h"
#include "triad/ops/shape/reshape.h"
#include "triad/train/stages/features.h"

namespace triad::train {
namespace {

/// Of a batch, padding included.
constexpr int64_t kBatchTokens = 8192;

}  // namespace

HiddenStates hidden_states(const Bert& bert, const std::vector<std::string>& texts) {
  require<ValueError>(!texts.empty(), "hidden_states", "no texts");
  const NoGrad no_tape;
  std::vector<std::vector<int32_t>> sequences;
  for (const std::string& text : texts)
    sequences.push_back(bert.tokenizer.encode_with_ends(text, bert.encoder->options().max_positions));
  const TextBatch all = collate_text(sequences, bert.tokenizer.special().pad);
  const int64_t count = all.ids_BT.size(0), batch = std::max<int64_t>(1, kBatchTokens / all.ids_BT.size(1));
  std::vector<Tensor> hidden, pooled;
  for (int64_t first = 0; first < count; first += batch) {
    const int64_t last = std::min(first + batch, count);
    const Tensor mask = ops::slice(all.mask_BT, 0, first, last);
    hidden.push_back(bert.encoder->forward(ops::slice(all.ids_BT, 0, first, last), mask, nn::Context{}));
    pooled.push_back(nn::masked_mean(hidden.back(), mask));
  }
  return {ops::concat(hidden, 0), ops::concat(pooled, 0), all.mask_BT};
}

}  // namespace triad::train
