// Questions about pictures, the answers of a model, and where it looked.
#pragma once

#include <string>
#include <vector>

#include "triad/data/image/image.h"
#include "triad/train/evaluate/evaluate.h"
#include "triad/train/model/model.h"
#include "triad/train/stages/features.h"

namespace triad::train {

struct AnswerExample {
  data::Image picture;
  data::Image attended;  ///< the picture under the attention of the answer
  std::string type, question, answer, expected;
};

/// Of every type of question one that was answered right and one that was answered wrong, where there are, of the held-out
/// split that was evaluated. None if no questions were.
std::vector<AnswerExample> answer_examples(const Model& model, const TrainingData& data, const Evaluation& evaluation);

/// `picture`, at least 128 pixels wide, as light as it is attended to: `weights` are `rows` x `columns`, row by row, smooth
/// between the middles of their tokens, and the largest shows the picture as it is.
data::Image under_attention(const data::Image& picture, const std::vector<float>& weights, int rows, int columns);

/// The examples as a section; empty for none.
std::string answer_section(const std::vector<AnswerExample>& examples);

}  // namespace triad::train
