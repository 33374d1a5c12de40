#include "triad/data/text/words.h"

#include <algorithm>

#include <utf8proc.h>

#include "triad/data/text/character_class.h"
#include "triad/data/text/utf8.h"

namespace triad::data {
namespace {

int combining_class(int32_t c) { return c < 0x300 ? 0 : utf8proc_get_property(c)->combining_class; }

class Splitter {
 public:
  Splitter(bool lowercase, const std::function<void(std::string_view)>& visit) : lowercase_(lowercase), visit_(visit) {}

  void add(int32_t c) {
    if (is_white_space(c)) return end_word();
    if (is_dropped(c)) return;
    const bool alone = is_ideograph(c);
    if (alone) end_word();
    if (lowercase_ && c >= 0x80) {
      utf8proc_int32_t parts[kLongestDecomposition];
      int boundary = 0;
      const auto count = utf8proc_decompose_char(c, parts, kLongestDecomposition, UTF8PROC_DECOMPOSE, &boundary);
      for (utf8proc_ssize_t i = 0; i < count; ++i) append(parts[i]);
    } else {
      append(c);
    }
    if (alone) end_word();
  }

  void end_word() {
    if (lowercase_ && has_marks_) fold();
    text_.clear();
    for (const int32_t c : word_) append_utf8(text_, lowercase_ ? utf8proc_tolower(c) : c);
    if (!text_.empty()) visit_(text_);
    word_.clear();
    has_marks_ = false;
  }

 private:
  static constexpr utf8proc_ssize_t kLongestDecomposition = 8;  // canonical ones have at most 4 code points

  /// Decomposition can give punctuation and spaces, so this looks at the parts.
  void append(int32_t c) {
    if (is_white_space(c)) return end_word();
    const bool alone = is_punctuation(c);
    if (alone) end_word();
    word_.push_back(c);
    has_marks_ |= combining_class(c) > 0 || is_mark(c);
    if (alone) end_word();
  }

  /// Canonical order within each run of combining characters, then the marks go. Those that stay (some have a width)
  /// would else stand in the order they were typed in.
  void fold() {
    for (auto run = word_.begin(); run != word_.end();) {
      run = std::find_if(run, word_.end(), [](int32_t c) { return combining_class(c) > 0; });
      const auto end = std::find_if(run, word_.end(), [](int32_t c) { return combining_class(c) == 0; });
      std::stable_sort(run, end, [](int32_t a, int32_t b) { return combining_class(a) < combining_class(b); });
      run = end;
    }
    std::erase_if(word_, is_mark);
  }

  bool lowercase_;
  const std::function<void(std::string_view)>& visit_;
  std::vector<int32_t> word_;
  bool has_marks_ = false;
  std::string text_;
};

}  // namespace

void for_each_word(std::string_view text, bool lowercase, const std::function<void(std::string_view)>& visit) {
  Splitter splitter(lowercase, visit);
  while (!text.empty()) {
    const Utf8Step step = first_character(text);
    if (step.code_point >= 0) splitter.add(step.code_point);
    text.remove_prefix(step.bytes);
  }
  splitter.end_word();
}

std::vector<std::string> split_words(std::string_view text, bool lowercase) {
  std::vector<std::string> words;
  for_each_word(text, lowercase, [&](std::string_view word) { words.emplace_back(word); });
  return words;
}

}  // namespace triad::data
