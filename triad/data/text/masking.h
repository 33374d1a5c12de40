// Which tokens a masked language model has to guess, drawn anew for every batch.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "triad/core/base/philox.h"
#include "triad/data/text/tokenizer.h"

namespace triad::data {

/// A token to guess: where it stands and what it was.
struct MaskedToken {
  int64_t position = 0;
  int32_t original = 0;
};

/// BERT's masking [arXiv:1810.04805, A.1], in place: of the ids that are no special tokens, max(1, round(share * count)) are
/// chosen by a shuffle; of those 80 % become [MASK], 10 % a random id that is no special token, 10 % stay. Positions come
/// in order. None are chosen where there is nothing but special tokens. ValueError for a vocabulary of nothing else.
std::vector<MaskedToken> mask_tokens(std::span<int32_t> ids, const SpecialTokens& special, int64_t vocabulary,
                                     double share, RandomKey key);

}  // namespace triad::data
