// Masked language modelling on held-out text.
#pragma once

#include <optional>
#include <string_view>

#include "triad/train/model/model.h"
#include "triad/train/stages/features.h"

namespace triad::train {

/// Masked tokens of the texts of a split that the model guesses right, next to always guessing the most frequent token.
struct MaskedAccuracy {
  double accuracy = 0;
  double unigram = 0;  ///< by the most frequent token of the training pool
};
/// Each text is masked once, by a fixed seed. `split` of `data` has a column `text`; nothing if there is no token in it.
std::optional<MaskedAccuracy> guess_masked_tokens(const Model& model, const TrainingData& training,
                                                  const TrainingData& data, std::string_view split, double share);

}  // namespace triad::train
