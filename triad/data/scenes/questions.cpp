#include "triad/data/scenes/questions.h"

#include <algorithm>
#include <optional>

#include "triad/core/base/error.h"
#include "triad/data/scenes/lexicon.h"

namespace triad::data {
namespace {

constexpr int kYes = 0, kNo = 1, kZero = 2, kFirstColour = kZero + kMaxObjects + 1;
constexpr int kFirstShape = kFirstColour + kObjectColours, kFirstSide = kFirstShape + kObjectShapes;

/// Where an object may be, seen from another: along the row, along the column.
constexpr std::array<std::string_view, 4> kSides = {"left", "right", "above", "below"};

/// What a noun phrase says of an object: only the attributes that are set.
struct Description {
  std::optional<ObjectSize> size;
  std::optional<ObjectColour> colour;
  std::optional<ObjectShape> shape;
  std::optional<int> cell;

  bool fits(const Object& object) const {
    return (!size || *size == object.size) && (!colour || *colour == object.colour) &&
           (!shape || *shape == object.shape) && (!cell || *cell == object.cell);
  }
  int64_t count_in(const Scene& scene) const {
    return std::count_if(scene.objects.begin(), scene.objects.end(), [this](const Object& o) { return fits(o); });
  }
  bool is_unseen() const { return colour && shape && is_unseen_pair(*colour, *shape); }

  /// "big red star", "object at the top left"; with the noun in the plural for a count.
  std::string words(bool plural = false) const {
    std::string text;
    if (size) text += str(name_of(*size), ' ');
    if (colour) text += str(name_of(*colour), ' ');
    const std::string_view noun = shape ? name_of(*shape) : "object";
    text += noun;
    if (plural) text += noun.back() == 's' ? "es" : "s";
    if (cell) text += ' ' + place_words(*cell);
    return text;
  }

 private:
  static std::string place_words(int cell) {
    const auto row = static_cast<size_t>(cell / kGridSide), column = static_cast<size_t>(cell % kGridSide);
    if (row == 1 && column == 1) return str("in the ", lexicon::kMiddle[0]);
    if (row == 1) return str("on the ", lexicon::kColumns[column][0]);
    if (column == 1) return str("at the ", lexicon::kRows[row][0]);
    return str("at the ", lexicon::kRows[row][0], ' ', lexicon::kColumns[column][0]);
  }
};

bool coin(RandomStream& random) { return random.uniform() < 0.5; }

const Object& any_object(const Scene& scene, RandomStream& random) {
  return scene.objects[random.below(scene.objects.size())];
}

/// Attributes a phrase may use.
struct Attributes {
  bool size, colour, shape, cell;
};

Description describe(const Object& object, Attributes use) {
  Description d;
  if (use.size) d.size = object.size;
  if (use.colour) d.colour = object.colour;
  if (use.shape) d.shape = object.shape;
  if (use.cell) d.cell = object.cell;
  return d;
}

/// A phrase that `object` alone fits, of at most two of the attributes that are `allowed`, if there is one.
std::optional<Description> refer_to(const Object& object, const Scene& scene, Attributes allowed,
                                    RandomStream& random) {
  std::array<Attributes, 7> ways = {{{true, false, false, false},
                                     {false, true, false, false},
                                     {false, false, true, false},
                                     {false, false, false, true},
                                     {true, true, false, false},
                                     {true, false, true, false},
                                     {false, true, true, false}}};
  random.shuffle(ways);
  for (const Attributes& way : ways) {
    if (way.size > allowed.size || way.colour > allowed.colour || way.shape > allowed.shape ||
        way.cell > allowed.cell) {
      continue;
    }
    Description d = describe(object, way);
    if (d.count_in(scene) == 1) return d;
  }
  return std::nullopt;
}

std::optional<Question> ask_exists(const Scene& scene, RandomStream& random, PairRule rule) {
  constexpr std::array<Attributes, 5> kWays = {{{false, true, false, false},
                                                {false, false, true, false},
                                                {false, true, true, false},
                                                {true, true, false, false},
                                                {true, false, true, false}}};
  const Attributes way = kWays[random.below(kWays.size())];
  const bool yes = coin(random);
  // A "no" is a near miss: the phrase of an object that is there, with one attribute changed until nothing fits. With
  // eight colours, six shapes and three objects there always is such a phrase.
  for (;;) {
    Object object = any_object(scene, random);
    if (!yes) {
      const bool change_colour = way.colour && (!way.shape || coin(random));
      if (change_colour) object.colour = static_cast<ObjectColour>(random.below(kObjectColours));
      if (!change_colour) object.shape = static_cast<ObjectShape>(random.below(kObjectShapes));
    }
    const Description d = describe(object, way);
    if ((d.count_in(scene) > 0) != yes || (rule == PairRule::kSeen && d.is_unseen())) continue;
    return Question{QuestionType::kExists, str("is there a ", d.words()), yes ? kYes : kNo};
  }
}

std::optional<Question> ask_count(const Scene& scene, RandomStream& random) {
  std::array<std::vector<Description>, kMaxObjects + 1> by_count;
  const auto add = [&](const Description& d) { by_count[static_cast<size_t>(d.count_in(scene))].push_back(d); };
  for (int i = 0; i < kObjectSizes; ++i) add({.size = static_cast<ObjectSize>(i)});
  for (int i = 0; i < kObjectColours; ++i) add({.colour = static_cast<ObjectColour>(i)});
  for (int i = 0; i < kObjectShapes; ++i) add({.shape = static_cast<ObjectShape>(i)});

  for (;;) {
    const auto number = static_cast<size_t>(random.below(by_count.size()));
    const auto& choices = by_count[number];
    if (choices.empty()) continue;
    const Description& d = choices[random.below(choices.size())];
    return Question{QuestionType::kCount, str("how many ", d.words(true), " are there"),
                    kZero + static_cast<int>(number)};
  }
}

std::optional<Question> ask_colour(const Scene& scene, RandomStream& random) {
  const Object& object = any_object(scene, random);
  const auto d = refer_to(object, scene, {true, false, true, true}, random);
  return Question{QuestionType::kColour, str("what colour is the ", d->words()),
                  kFirstColour + static_cast<int>(object.colour)};
}

std::optional<Question> ask_shape(const Scene& scene, RandomStream& random) {
  const Object& object = any_object(scene, random);
  const auto d = refer_to(object, scene, {true, true, false, true}, random);
  return Question{QuestionType::kShape, str("what shape is the ", d->words()),
                  kFirstShape + static_cast<int>(object.shape)};
}

std::optional<Question> ask_relation(const Scene& scene, RandomStream& random) {
  std::vector<Object> objects = scene.objects;
  random.shuffle(objects);
  const bool sideways_first = coin(random), either = coin(random), yes = coin(random);
  for (size_t i = 0; i < objects.size(); ++i) {
    for (size_t k = i + 1; k < objects.size(); ++k) {
      const Object &a = objects[i], &b = objects[k];
      // Places would give the answer away.
      const auto first = refer_to(a, scene, {true, true, true, false}, random);
      const auto second = refer_to(b, scene, {true, true, true, false}, random);
      if (!first || !second) continue;
      // Two cells differ in row or column.
      const bool sideways = a.row() == b.row() || (sideways_first && a.column() != b.column());
      const bool before = sideways ? a.column() < b.column() : a.row() < b.row();
      const int side = (sideways ? 0 : 2) + !before;  // index of the true one; its opposite is side ^ 1
      const std::string_view of_the = sideways ? " of the " : " the ";
      if (either) {
        const std::string sides = str(kSides[sideways ? 0 : 2], " or ", kSides[sideways ? 1 : 3]);
        return Question{QuestionType::kRelation, str("is the ", first->words(), ' ', sides, of_the, second->words()),
                        kFirstSide + side};
      }
      const std::string_view named = kSides[static_cast<size_t>(yes ? side : side ^ 1)];
      return Question{QuestionType::kRelation, str("is the ", first->words(), ' ', named, of_the, second->words()),
                      yes ? kYes : kNo};
    }
  }
  return std::nullopt;
}

std::optional<Question> ask(QuestionType type, const Scene& scene, RandomStream& random, PairRule rule) {
  switch (type) {
    case QuestionType::kExists: return ask_exists(scene, random, rule);
    case QuestionType::kCount: return ask_count(scene, random);
    case QuestionType::kColour: return ask_colour(scene, random);
    case QuestionType::kShape: return ask_shape(scene, random);
    case QuestionType::kRelation: return ask_relation(scene, random);
  }
  return std::nullopt;
}

}  // namespace

std::span<const std::string_view> answer_names() {
  static constexpr auto kAnswers = [] {
    std::array<std::string_view, kFirstSide + kSides.size()> names = {"yes", "no", "zero", "one", "two", "three"};
    std::copy(kColourNames.begin(), kColourNames.end(), names.begin() + kFirstColour);
    std::copy(kShapeNames.begin(), kShapeNames.end(), names.begin() + kFirstShape);
    std::copy(kSides.begin(), kSides.end(), names.begin() + kFirstSide);
    return names;
  }();
  return kAnswers;
}

std::vector<Question> ask_questions(const Scene& scene, int count, RandomStream& random, PairRule rule) {
  check_scene(scene, "ask_questions");
  require<ValueError>(count >= 0, "ask_questions", "count is ", count, ", expected 0 or more");
  using enum QuestionType;
  constexpr std::array kTurns = {kExists, kRelation, kCount, kColour, kRelation, kShape};
  std::vector<Question> questions;
  for (size_t turn = random.below(kTurns.size()); std::ssize(questions) < count; ++turn) {
    const auto question = ask(kTurns[turn % kTurns.size()], scene, random, rule);
    if (question) questions.push_back(*question);
  }
  return questions;
}

}  // namespace triad::data
