// Sentences with words hidden, as masked-language modelling trains and is measured on.
#pragma once

#include <cstdint>
#include <functional>
#include <vector>

#include "triad/core/base/philox.h"
#include "triad/train/stages/features.h"

namespace triad::train {

struct MaskedTextBatch {
  TextBatch text;
  std::vector<int64_t> positions;  ///< of the hidden tokens: b * T + t, in order
  std::vector<int64_t> originals;  ///< what was there
};

/// Hides `share` of the tokens of each sequence (data::mask_tokens), sequence i with the random numbers of key_of(i).
MaskedTextBatch hide_tokens(std::vector<std::vector<int32_t>> sequences, const data::Tokenizer& tokenizer, double share,
                            const std::function<RandomKey(size_t i)>& key_of);

}  // namespace triad::train
