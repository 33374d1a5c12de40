#include "triad/data/scenes/grammar.h"

#include <algorithm>
#include <vector>

#include "triad/core/base/error.h"
#include "triad/data/scenes/lexicon.h"

namespace triad::data {
namespace {

/// The plain name in half of the draws, else any of the words.
std::string_view choose(const lexicon::Words& words, RandomStream& random) {
  const size_t n = lexicon::count(words);
  return random.uniform() < 0.5 ? words[0] : words[random.below(n)];
}

std::string place_phrase(int cell, RandomStream& random) {
  const auto row = static_cast<size_t>(cell / kGridSide), column = static_cast<size_t>(cell % kGridSide);
  if (row == 1 && column == 1) return str("in the ", choose(lexicon::kMiddle, random));
  if (row == 1) return str("on the ", lexicon::kColumns[column][0]);
  if (column == 1) return str("at the ", lexicon::kRows[row][0]);
  const std::string corner = str(choose(lexicon::kRows[row], random), " ", lexicon::kColumns[column][0]);
  return random.uniform() < 0.5 ? corner : str("in the ", corner);
}

std::string noun_phrase(const Object& object, RandomStream& random) {
  return str("a ", choose(lexicon::kSizes[static_cast<size_t>(object.size)], random), " ", name_of(object.colour), " ",
             choose(lexicon::kShapes[static_cast<size_t>(object.shape)], random));
}

/// The words of a sentence and how far they are read.
class WordReader {
 public:
  explicit WordReader(std::string_view text) : text_(text) {
    constexpr std::string_view kGaps = " ,.\n";
    for (size_t begin = text.find_first_not_of(kGaps); begin != text.npos;) {
      const size_t end = std::min(text.find_first_of(kGaps, begin), text.size());
      words_.push_back(text.substr(begin, end - begin));
      begin = text.find_first_not_of(kGaps, end);
    }
  }

  bool at_end() const { return next_ == words_.size(); }
  std::string_view peek() const { return at_end() ? std::string_view{} : words_[next_]; }
  bool skip(std::string_view word) {
    const bool is_next = !at_end() && peek() == word;
    next_ += is_next;
    return is_next;
  }
  bool skip_any(std::initializer_list<std::string_view> words) {
    return std::any_of(words.begin(), words.end(), [this](std::string_view word) { return skip(word); });
  }
  template <size_t N>
  int take_index(const std::array<lexicon::Words, N>& entries, std::string_view what) {
    const int index = lexicon::find(entries, peek());
    if (index < 0) unexpected(what);
    ++next_;
    return index;
  }
  [[noreturn]] void unexpected(std::string_view what) const {
    const std::string got = at_end() ? "the end" : str('"', peek(), '"');
    fail<ValueError>("parse_description", "expected ", what, " as word ", next_ + 1, ", got ", got, ", in \"", text_,
                     '"');
  }

 private:
  std::string_view text_;
  std::vector<std::string_view> words_;
  size_t next_ = 0;
};

bool begins_place(std::string_view word) {
  return word == "in" || word == "on" || word == "at" || lexicon::find(lexicon::kRows, word) >= 0;
}

int read_place(WordReader& words) {
  if (words.skip_any({"in", "on", "at"}) && !words.skip("the")) words.unexpected("\"the\"");
  if (words.skip_any({lexicon::kMiddle[0], lexicon::kMiddle[1]})) return kGridCells / 2;
  const int column = lexicon::find(lexicon::kColumns, words.peek());
  if (column >= 0) {
    words.skip(words.peek());
    return kGridSide + column;
  }
  const int row = words.take_index(lexicon::kRows, "a place");
  const int corner = lexicon::find(lexicon::kColumns, words.peek());
  if (corner < 0) return row * kGridSide + 1;
  words.skip(words.peek());
  return row * kGridSide + corner;
}

Object read_object(WordReader& words, bool place_first) {
  constexpr auto kColourWords = [] {
    std::array<lexicon::Words, kObjectColours> entries{};
    for (size_t i = 0; i < entries.size(); ++i) entries[i][0] = kColourNames[i];
    return entries;
  }();
  Object object;
  if (place_first) object.cell = read_place(words);
  if (!words.skip("a")) words.unexpected("\"a\"");
  object.size = static_cast<ObjectSize>(words.take_index(lexicon::kSizes, "a size"));
  object.colour = static_cast<ObjectColour>(words.take_index(kColourWords, "a colour"));
  object.shape = static_cast<ObjectShape>(words.take_index(lexicon::kShapes, "a shape"));
  if (!place_first) object.cell = read_place(words);
  return object;
}

void skip_opening(WordReader& words) {
  for (const std::string_view opening : lexicon::kOpenings) {
    const size_t space = opening.find(' ');
    if (space == opening.npos || !words.skip(opening.substr(0, space))) continue;
    if (!words.skip(opening.substr(space + 1))) words.unexpected(str('"', opening.substr(space + 1), '"'));
    return;
  }
}

}  // namespace

std::string describe_scene(const Scene& scene, RandomStream& random) {
  check_scene(scene, "describe_scene");
  std::vector<Object> objects = scene.objects;
  random.shuffle(objects);
  const bool place_first = random.uniform() < 0.2;
  const bool with_commas = random.uniform() < 0.5;
  // No opening in half of the sentences.
  const std::string_view opening =
      lexicon::kOpenings[random.uniform() < 0.5 ? 0 : 1 + random.below(lexicon::kOpenings.size() - 1)];

  std::string text(opening);
  for (size_t i = 0; i < objects.size(); ++i) {
    if (i > 0) text += with_commas && i + 1 < objects.size() ? "," : " and";
    if (!text.empty()) text += ' ';
    const std::string noun = noun_phrase(objects[i], random), place = place_phrase(objects[i].cell, random);
    text += place_first ? place : noun;
    text += ' ';
    text += place_first ? noun : place;
  }
  return text;
}

Scene parse_description(std::string_view text) {
  WordReader words(text);
  skip_opening(words);
  const bool place_first = begins_place(words.peek());
  Scene scene;
  do {
    scene.objects.push_back(read_object(words, place_first));
  } while (words.skip("and") || !words.at_end());
  std::sort(scene.objects.begin(), scene.objects.end(),
            [](const Object& a, const Object& b) { return a.cell < b.cell; });
  check_scene(scene, "parse_description");
  return scene;
}

}  // namespace triad::data
