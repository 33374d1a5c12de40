// Question answering: accuracy, and what the questions alone would give.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "triad/train/model/model.h"
#include "triad/train/stages/features.h"

namespace triad::train {

struct AnswerAccuracy {
  double accuracy = 0;
  double question_only = 0;  ///< by the most frequent training answer of the same question, else of its type
  double majority = 0;       ///< by the most frequent training answer
  std::map<std::string, double> by_type;
  std::vector<int64_t> guesses;  ///< one a question of the split
};

/// Accuracy on SPLIT_questions of `data`; the baselines learn from train_questions of `training`.
AnswerAccuracy answer_questions(const Model& model, const TrainingData& training, const TrainingData& data, std::string_view split);

/// Masked tokens of the texts of a split that the model guesses right, next to always guessing the most frequent token.
struct MaskedAccuracy {
  double accuracy = 0;
  double unigram = 0;  ///< by the most frequent masked token of the training pool
};
/// Each text is masked once, by a fixed seed. `split` of `data` has a column `text`.
MaskedAccuracy guess_masked_tokens(const Model& model, const TrainingData& training, const TrainingData& data,
                                   std::string_view split, double share);

}  // namespace triad::train
