#include "triad/train/evaluate/answers.h"

#include <algorithm>

#include "triad/autograd/grad_mode.h"
#include "triad/data/text/masking.h"
#include "triad/ops/reduce/extremum.h"

namespace triad::train {
namespace {

constexpr int64_t kBatch = 100;
const nn::Context kEvaluation{};

/// How often each answer was seen.
struct Counts {
  std::map<int64_t, int64_t> of;

  void see(int64_t answer) { ++of[answer]; }
  /// The most frequent answer, the smallest among equals; -1 before any was seen.
  int64_t most_frequent() const {
    int64_t best = -1, most = 0;
    for (const auto& [answer, count] : of) {
      if (count > most) best = answer, most = count;
    }
    return best;
  }
};

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

double share(int64_t part, int64_t whole) { return whole > 0 ? static_cast<double>(part) / static_cast<double>(whole) : 0; }

}  // namespace

AnswerAccuracy answer_questions(const Model& model, const TrainingData& training, const TrainingData& data, std::string_view split) {
  const NoGrad no_tape;
  const Baselines baselines(training.split("train_questions"));
  const data::SplitReader& questions = data.split(str(split, "_questions"));
  const data::SplitReader& pictures = data.split(split);
  const std::vector<std::string>& types = data.dataset().manifest().list("question_types");
  std::map<int64_t, std::pair<int64_t, int64_t>> by_type;  // right, asked
  int64_t right = 0, by_question = 0, by_majority = 0;
  AnswerAccuracy result;
  for (int64_t first = 0; first < questions.size(); first += kBatch) {
    std::vector<std::vector<int32_t>> texts;
    std::vector<data::Value> images;
    std::vector<data::Sample> samples;
    for (int64_t i = first; i < std::min(first + kBatch, questions.size()); ++i) {
      samples.push_back(questions.read(i));
      texts.push_back(data.tokens(samples.back()["text"]));
      images.push_back(pictures.read(samples.back()["sample"].scalar<int64_t>(), "image"));
    }
    const TextBatch batch = collate_text(texts, data.tokenizer().special().pad);
    const Tensor tokens = model.image.forward(collate_images(images), kEvaluation);
    const Tensor hidden = model.text.forward(batch.ids_BT, batch.mask_BT, kEvaluation);
    const Tensor logits = model.answer->forward(hidden, batch.mask_BT, tokens, kEvaluation);
    const std::vector<int64_t> guesses = ops::argmax(logits, -1).to_vector<int64_t>();
    for (size_t i = 0; i < guesses.size(); ++i) {
      const int64_t answer = samples[i]["answer"].scalar<int64_t>(), type = samples[i]["type"].scalar<int64_t>();
      const bool is_right = guesses[i] == answer;
      right += is_right;
      by_type[type].first += is_right;
      ++by_type[type].second;
      by_question += baselines.guess(samples[i]["text"].text(), type) == answer;
      by_majority += baselines.all.most_frequent() == answer;
    }
    result.guesses.insert(result.guesses.end(), guesses.begin(), guesses.end());
  }
  result.accuracy = share(right, questions.size());
  result.question_only = share(by_question, questions.size());
  result.majority = share(by_majority, questions.size());
  for (const auto& [type, counts] : by_type) result.by_type[types.at(static_cast<size_t>(type))] = share(counts.first, counts.second);
  return result;
}

MaskedAccuracy guess_masked_tokens(const Model& model, const TrainingData& training, const TrainingData& data,
                                   std::string_view name, double masked_share) {
  const NoGrad no_tape;
  const data::Tokenizer& tokenizer = training.tokenizer();
  Counts seen;
  const data::SplitReader& pool = training.split("pool_text");
  for (int64_t i = 0; i < pool.size(); ++i) {
    for (const int32_t id : tokenizer.encode(pool.read(i, "text").text())) seen.see(id);
  }
  const int64_t most_frequent = seen.most_frequent();
  const data::SplitReader& split = data.split(name);
  int64_t right = 0, by_unigram = 0, asked = 0;
  for (int64_t first = 0; first < split.size(); first += kBatch) {
    std::vector<std::vector<int32_t>> sequences;
    std::vector<std::vector<data::MaskedToken>> masked;
    for (int64_t i = first; i < std::min(first + kBatch, split.size()); ++i) {
      sequences.push_back(data.tokens(split.read(i, "text")));
      masked.push_back(data::mask_tokens(sequences.back(), tokenizer.special(), tokenizer.vocabulary_size(), masked_share,
                                         {.site = random_site("evaluation"), .sample = static_cast<uint32_t>(i)}));
    }
    const TextBatch batch = collate_text(sequences, tokenizer.special().pad);
    std::vector<int64_t> positions, originals;
    for (size_t b = 0; b < masked.size(); ++b) {
      for (const data::MaskedToken& token : masked[b]) {
        positions.push_back(static_cast<int64_t>(b) * batch.ids_BT.size(1) + token.position);
        originals.push_back(token.original);
      }
    }
    if (positions.empty()) continue;
    const Tensor hidden = model.text.forward(batch.ids_BT, batch.mask_BT, kEvaluation);
    const Tensor logits = model.masked_lm.forward(nn::rows_at(hidden, from_values(positions, {std::ssize(positions)})), model.text.tokens);
    const std::vector<int64_t> guesses = ops::argmax(logits, -1).to_vector<int64_t>();
    for (size_t i = 0; i < guesses.size(); ++i) {
      right += guesses[i] == originals[i];
      by_unigram += most_frequent == originals[i];
    }
    asked += std::ssize(guesses);
  }
  return {share(right, asked), share(by_unigram, asked)};
}

}  // namespace triad::train
