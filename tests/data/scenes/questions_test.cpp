#include "triad/data/scenes/questions.h"

#include <algorithm>
#include <map>
#include <sstream>

#include <gtest/gtest.h>

#include "tests/harness/message_of.h"
#include "triad/core/base/error.h"

namespace triad::data {
namespace {

using Words = std::vector<std::string>;

Words split(const std::string& text) {
  std::istringstream in(text);
  Words words;
  for (std::string word; in >> word;) words.push_back(word);
  return words;
}

template <class Names>
int index_of(const Names& names, const std::string& word) {
  const auto found = std::find(names.begin(), names.end(), word);
  return found == names.end() ? -1 : static_cast<int>(found - names.begin());
}

/// Whether `object` has every attribute that a word of `phrase` names. Knows the words, not the generator.
bool fits(const Object& object, const Words& phrase) {
  bool row_named = false, column_named = false, on_side = false;
  for (std::string word : phrase) {
    for (const char* plural : {"circles", "squares", "triangles", "stars", "crosses", "rings"}) {
      if (word == plural) word.erase(word == "crosses" ? word.size() - 2 : word.size() - 1);
    }
    if (index_of(kSizeNames, word) >= 0 && word != name_of(object.size)) return false;
    if (index_of(kColourNames, word) >= 0 && word != name_of(object.colour)) return false;
    if (index_of(kShapeNames, word) >= 0 && word != name_of(object.shape)) return false;
    if (word == "middle" && object.cell != 4) return false;
    if (word == "top" || word == "bottom") {
      row_named = true;
      if (object.row() != (word == "top" ? 0 : 2)) return false;
    }
    if (word == "left" || word == "right") {
      column_named = true;
      if (object.column() != (word == "left" ? 0 : 2)) return false;
    }
    on_side = on_side || word == "on";
  }
  if (row_named && !column_named && object.column() != 1) return false;
  return !on_side || object.row() == 1;
}

int count_of(const Scene& scene, const Words& phrase) {
  return static_cast<int>(
      std::count_if(scene.objects.begin(), scene.objects.end(), [&](const Object& o) { return fits(o, phrase); }));
}

const Object& only(const Scene& scene, const Words& phrase) {
  EXPECT_EQ(count_of(scene, phrase), 1);
  return *std::find_if(scene.objects.begin(), scene.objects.end(), [&](const Object& o) { return fits(o, phrase); });
}

/// Answers from the text and the scene alone.
std::string naive_answer(const Scene& scene, const std::string& text) {
  const Words words = split(text);
  const std::string start = words[0] + ' ' + words[1];
  if (start == "is there") return count_of(scene, {words.begin() + 3, words.end()}) > 0 ? "yes" : "no";
  if (start == "how many") {
    static const std::array<std::string, 4> kNumbers = {"zero", "one", "two", "three"};
    return kNumbers[static_cast<size_t>(count_of(scene, {words.begin() + 2, words.end() - 2}))];
  }
  if (start == "what colour") return std::string(name_of(only(scene, {words.begin() + 4, words.end()}).colour));
  if (start == "what shape") return std::string(name_of(only(scene, {words.begin() + 4, words.end()}).shape));
  const auto relation = std::find_if(words.begin(), words.end(), [](const std::string& word) {
    return word == "left" || word == "right" || word == "above" || word == "below";
  });
  if (relation == words.end()) return "not understood";
  const Object a = only(scene, {words.begin() + 2, relation});
  if (relation[1] == "or") {
    const Object b = only(scene, {relation + 3, words.end()});
    return *relation == "left" ? (a.column() < b.column() ? "left" : "right") : a.row() < b.row() ? "above" : "below";
  }
  const Object b = only(scene, {relation + 1, words.end()});
  const bool holds = *relation == "left"    ? a.column() < b.column()
                     : *relation == "right" ? a.column() > b.column()
                     : *relation == "above" ? a.row() < b.row()
                                            : a.row() > b.row();
  return holds ? "yes" : "no";
}

struct Asked {
  Scene scene;
  Question question;
};

std::vector<Asked> ask(int scenes, int questions, PairRule rule) {
  std::vector<Asked> asked;
  for (int i = 0; i < scenes; ++i) {
    RandomStream random(RandomKey{.seed = 9, .sample = static_cast<uint32_t>(i)});
    const Scene scene = draw_scene(random, rule);
    for (const Question& question : ask_questions(scene, questions, random, rule)) asked.push_back({scene, question});
  }
  return asked;
}

TEST(Questions, AnswersAreWhatTheTextAsksOfTheScene) {
  for (const PairRule rule : {PairRule::kSeen, PairRule::kWithUnseen}) {
    const auto asked = ask(2000, 5, rule);
    EXPECT_EQ(asked.size(), 10000u);
    for (const auto& [scene, question] : asked) {
      EXPECT_EQ(answer_names()[static_cast<size_t>(question.answer)], naive_answer(scene, question.text))
          << question.text;
    }
  }
}

TEST(Questions, TextAloneSaysLittle) {
  // The best guess from the exact text, learned from one half of the questions and tried on the other.
  std::map<std::string, std::map<int, int>> answers_to;
  std::map<QuestionType, std::pair<int, int>> right_of;
  const auto asked = ask(20000, 5, PairRule::kSeen);
  const size_t half = asked.size() / 2;
  for (size_t i = 0; i < half; ++i) ++answers_to[asked[i].question.text][asked[i].question.answer];
  for (size_t i = half; i < asked.size(); ++i) {
    const auto& answers = answers_to[asked[i].question.text];
    const auto best = std::max_element(answers.begin(), answers.end(),
                                       [](const auto& a, const auto& b) { return a.second < b.second; });
    auto& [right, all] = right_of[asked[i].question.type];
    right += best != answers.end() && best->first == asked[i].question.answer;
    ++all;
  }
  const std::map<QuestionType, double> kAtMost = {{QuestionType::kExists, 0.58},
                                                  {QuestionType::kCount, 0.50},
                                                  {QuestionType::kColour, 0.20},
                                                  {QuestionType::kShape, 0.25},
                                                  {QuestionType::kRelation, 0.58}};
  for (const auto& [type, score] : right_of) {
    const double share = static_cast<double>(score.first) / score.second;
    EXPECT_LT(share, kAtMost.at(type)) << name_of(type);
    EXPECT_GT(score.second, static_cast<int>(half / 7)) << name_of(type) << " is asked too seldom";
  }
}

TEST(Questions, SeenPairsOnly) {
  for (const auto& [scene, question] : ask(2000, 10, PairRule::kSeen)) {
    const Words words = split(question.text);
    for (size_t i = 1; i < words.size(); ++i) {
      const int colour = index_of(kColourNames, words[i - 1]), shape = index_of(kShapeNames, words[i]);
      if (colour < 0 || shape < 0) continue;
      EXPECT_FALSE(is_unseen_pair(static_cast<ObjectColour>(colour), static_cast<ObjectShape>(shape))) << question.text;
    }
  }
}

TEST(Questions, TypesComeInTurn) {
  RandomStream random(RandomKey{.seed = 1});
  const Scene two{{{.cell = 1}, {.shape = ObjectShape::kStar, .cell = 5}}}, one{{{.cell = 1}}};
  std::map<QuestionType, int> types;
  for (const Question& question : ask_questions(two, 12, random, PairRule::kSeen)) ++types[question.type];
  EXPECT_EQ(types.size(), size_t{kQuestionTypes});
  for (const auto& [type, n] : types) EXPECT_EQ(n, type == QuestionType::kRelation ? 4 : 2) << name_of(type);
  for (const Question& question : ask_questions(one, 20, random, PairRule::kSeen)) {
    EXPECT_NE(question.type, QuestionType::kRelation);
  }
}

TEST(Questions, RefusesWhatIsNoScene) {
  RandomStream random(RandomKey{});
  EXPECT_THROW(ask_questions(Scene{}, 1, random, PairRule::kSeen), ValueError);
  EXPECT_EQ(harness::message_of<ValueError>([&] { ask_questions(Scene{{{}}}, -1, random, PairRule::kSeen); }),
            "ask_questions: count is -1, expected 0 or more");
}

}  // namespace
}  // namespace triad::data
