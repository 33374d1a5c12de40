#include "triad/train/evaluate/answers.h"

#include <algorithm>

#include "triad/autograd/grad_mode.h"
#include "triad/ops/reduce/extremum.h"
#include "triad/train/evaluate/counts.h"

namespace triad::train {
namespace {

constexpr int64_t kBatch = 100;
const nn::Context kEvaluation{};

struct Baselines {
  std::map<std::string, Counts> by_question;
  std::map<int64_t, Counts> by_type;
  Counts all;

  explicit Baselines(const data::SplitReader& questions) {
    for (int64_t i = 0; i < questions.size(); ++i) {
      const data::Sample question = questions.read(i);
      const int64_t answer = question["answer"].scalar<int64_t>();
      by_question[question["text"].text()].see(answer);
      by_type[question["type"].scalar<int64_t>()].see(answer);
      all.see(answer);
    }
  }

  int64_t guess(const std::string& text, int64_t type) const {
    const auto known = by_question.find(text);
    if (known != by_question.end()) return known->second.most_frequent();
    const auto type_counts = by_type.find(type);
    return type_counts != by_type.end() ? type_counts->second.most_frequent() : all.most_frequent();
  }
};

struct Tally {
  int64_t asked = 0, right = 0, by_question = 0, by_majority = 0;

  AnswerShares shares() const {
    return {asked, share(right, asked), share(by_question, asked), share(by_majority, asked)};
  }
};

/// Some questions, and each of their pictures once.
struct QuestionBatch {
  std::vector<data::Sample> questions;
  TextBatch text;
  Tensor images_BCHW;
  std::vector<int64_t> picture_of;  ///< row of images_BCHW, a question
};

QuestionBatch read_questions(const TrainingData& data, const data::SplitReader& questions,
                             const data::SplitReader& pictures, int64_t first) {
  QuestionBatch batch;
  std::vector<std::vector<int32_t>> texts;
  std::vector<data::Value> images;
  int64_t last_picture = -1;  // questions about one picture follow each other
  for (int64_t i = first; i < std::min(first + kBatch, questions.size()); ++i) {
    const data::Sample& question = batch.questions.emplace_back(questions.read(i));
    texts.push_back(data.tokens(question["text"]));
    const auto picture = question["sample"].scalar<int64_t>();
    if (picture != last_picture) images.push_back(pictures.read(picture, "image"));
    last_picture = picture;
    batch.picture_of.push_back(std::ssize(images) - 1);
  }
  batch.text = collate_text(texts, data.tokenizer().special().pad);
  batch.images_BCHW = collate_images(images);
  return batch;
}

}  // namespace

std::optional<AnswerAccuracy> answer_questions(const Model& model, const TrainingData& training,
                                               const TrainingData& data, std::string_view split) {
  const NoGrad no_tape;
  const data::SplitReader &questions = data.split(str(split, "_questions")), &pictures = data.split(split);
  if (questions.size() == 0) return std::nullopt;
  const Baselines baselines(training.split("train_questions"));
  const int64_t majority = baselines.all.most_frequent();
  Tally all;
  std::map<int64_t, Tally> by_type;
  AnswerAccuracy result;
  for (int64_t first = 0; first < questions.size(); first += kBatch) {
    const QuestionBatch batch = read_questions(data, questions, pictures, first);
    const nn::Memory pictures_read{.values_PSC = model.image.forward(batch.images_BCHW, kEvaluation),
                                   .rows_B = from_values(batch.picture_of, {std::ssize(batch.picture_of)})};
    const Tensor hidden = model.text.forward(batch.text.ids_BT, batch.text.mask_BT, kEvaluation);
    const Tensor logits = model.answer->forward(hidden, batch.text.mask_BT, pictures_read, kEvaluation);
    const std::vector<int64_t> guesses = ops::argmax(logits, -1).to_vector<int64_t>();
    for (size_t i = 0; i < guesses.size(); ++i) {
      const auto answer = batch.questions[i]["answer"].scalar<int64_t>(),
                 type = batch.questions[i]["type"].scalar<int64_t>();
      const int64_t by_question = baselines.guess(batch.questions[i]["text"].text(), type);
      for (Tally* tally : {&all, &by_type[type]}) {
        ++tally->asked;
        tally->right += guesses[i] == answer;
        tally->by_question += by_question == answer;
        tally->by_majority += majority == answer;
      }
    }
    result.guesses.insert(result.guesses.end(), guesses.begin(), guesses.end());
  }
  result.all = all.shares();
  for (const auto& [type, tally] : by_type)
    result.by_type[listed(data.dataset().manifest(), "question_types", type)] = tally.shares();
  return result;
}

}  // namespace triad::train
