#include "triad/train/stages/masked_text.h"

#include "triad/data/text/masking.h"

namespace triad::train {

MaskedTextBatch hide_tokens(std::vector<std::vector<int32_t>> sequences, const data::Tokenizer& tokenizer, double share,
                            const std::function<RandomKey(size_t i)>& key_of) {
  std::vector<std::vector<data::MaskedToken>> masked;
  for (size_t i = 0; i < sequences.size(); ++i)
    masked.push_back(
        data::mask_tokens(sequences[i], tokenizer.special(), tokenizer.vocabulary_size(), share, key_of(i)));
  MaskedTextBatch batch{.text = collate_text(sequences, tokenizer.special().pad), .positions = {}, .originals = {}};
  const int64_t length = batch.text.ids_BT.size(1);
  for (size_t i = 0; i < masked.size(); ++i) {
    for (const data::MaskedToken& token : masked[i]) {
      batch.positions.push_back(static_cast<int64_t>(i) * length + token.position);
      batch.originals.push_back(token.original);
    }
  }
  return batch;
}

}  // namespace triad::train
