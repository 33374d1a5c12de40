// What a BERT makes of texts, as Hugging Face's transformers give it.
#pragma once

#include <string>
#include <vector>

#include "triad/train/import/bert.h"

namespace triad::train {

struct HiddenStates {
  Tensor last_hidden_state;  ///< f32 [N, T, D]; at padding, what the model makes of [PAD] there
  Tensor mean_pooled;        ///< f32 [N, D]: the mean over tokens, [CLS] and [SEP] among them, padding not
  Tensor attention_mask;     ///< bool [N, T], false for padding
};

/// T is the number of tokens of the longest text; texts are cut to the positions the model has. ValueError without texts.
HiddenStates hidden_states(const Bert& bert, const std::vector<std::string>& texts);

}  // namespace triad::train
