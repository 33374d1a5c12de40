// Question answering: accuracy, and what the questions alone would give.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "triad/train/model/model.h"
#include "triad/train/stages/features.h"

namespace triad::train {

/// Shares of questions answered right, by the model and by what never sees a picture.
struct AnswerShares {
  int64_t asked = 0;
  double accuracy = 0;
  double question_only = 0;  ///< by the most frequent training answer of the same question, else of its type
  double majority = 0;       ///< by the most frequent training answer
};

struct AnswerAccuracy {
  AnswerShares all;
  std::map<std::string, AnswerShares> by_type;
  std::vector<int64_t> guesses;  ///< one a question of the split
};

/// Accuracy on SPLIT_questions of `data`, nothing if it is empty; the baselines learn from train_questions of `training`.
std::optional<AnswerAccuracy> answer_questions(const Model& model, const TrainingData& training,
                                               const TrainingData& data, std::string_view split);

}  // namespace triad::train
