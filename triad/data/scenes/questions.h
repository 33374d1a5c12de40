// Questions about a scene, with their answers out of a closed list.
#pragma once

#include <array>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "triad/core/base/philox.h"
#include "triad/data/scenes/scene.h"

namespace triad::data {

enum class QuestionType : uint8_t { kExists, kCount, kColour, kShape, kRelation };
inline constexpr int kQuestionTypes = 5;
inline constexpr std::array<std::string_view, kQuestionTypes> kQuestionTypeNames = {"exists", "count", "colour",
                                                                                    "shape", "relation"};
constexpr std::string_view name_of(QuestionType type) { return kQuestionTypeNames[static_cast<size_t>(type)]; }

/// Every answer there is: yes, no, the numbers zero to three, the colours, the shapes, left, right, above, below.
std::span<const std::string_view> answer_names();

struct Question {
  QuestionType type = QuestionType::kExists;
  std::string text;
  int answer = 0;  ///< index into answer_names()

  friend bool operator==(const Question&, const Question&) = default;
};

/// `count` questions that `scene` answers:
///     exists    is there a big red star
///     count     how many circles are there
///     colour    what colour is the small ring
///     shape     what shape is the object at the top left
///     relation  is the red circle above the star; is the ring left or right of the big square
/// Types come in turn, from a random one on, relation twice: a third of the scenes has one object, and gives its turn to
/// the next. Answers are balanced so that the text alone says little: yes and no are drawn before the
/// question, a number before the attribute that is counted. With PairRule::kSeen no question names an unseen
/// colour–shape pair. Throws ValueError where `scene` is not as documented at Scene or count is negative.
std::vector<Question> ask_questions(const Scene& scene, int count, RandomStream& random, PairRule rule);

}  // namespace triad::data
