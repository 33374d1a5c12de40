#include "triad/data/build/prose.h"

#include <algorithm>
#include <array>
#include <initializer_list>
#include <iterator>

namespace triad::data {
namespace {

constexpr size_t kSectionBytes = 50000;
/// Of a section that no blank line ends; any line does then.
constexpr size_t kLongSectionBytes = 60000;

bool is_space(char c) { return c == ' ' || c == '\t' || c == '\r' || c == '\n' || c == '\f' || c == '\v'; }

/// Appends `line` with runs of white space as one space, and a space before it if there is text already.
void append_words(std::string& text, std::string_view line) {
  bool gap = true;
  for (const char c : line) {
    if (is_space(c)) {
      gap = true;
      continue;
    }
    if (gap && !text.empty()) text += ' ';
    gap = false;
    text += c;
  }
}

constexpr auto kClosingMarks =
    std::to_array<std::string_view>({"\"", "'", ")", "]", "_", "*", "”", "’", "»", "」", "』", "）"});

/// `text` without the closing quotation marks and brackets at its end.
std::string_view without_closing_marks(std::string_view text) {
  while (true) {
    const auto mark = std::ranges::find_if(kClosingMarks, [&](std::string_view m) { return text.ends_with(m); });
    if (mark == kClosingMarks.end()) return text;
    text.remove_suffix(mark->size());
  }
}

bool ends_with_any(std::string_view text, std::initializer_list<std::string_view> marks) {
  return std::ranges::any_of(marks, [&](std::string_view mark) { return text.ends_with(mark); });
}

/// Whether a sentence ends before byte `at`: at a space, or, in scripts that write none, at their full stop.
bool sentence_ends_at(std::string_view text, size_t at) {
  const std::string_view before = without_closing_marks(text.substr(0, at)), after = text.substr(at);
  if (ends_with_any(before, {"。", "！", "？"}))
    return std::ranges::none_of(kClosingMarks, [&](std::string_view mark) { return after.starts_with(mark); });
  return after.starts_with(' ') && ends_with_any(before, {".", "!", "?", "…"});
}

/// Where to end the first passage of `text`, which is longer than `limit`.
size_t break_point(std::string_view text, size_t limit) {
  size_t space = 0;
  for (size_t at = limit; at > limit / 2; --at) {
    if (sentence_ends_at(text, at)) return at;
    if (space == 0 && text[at] == ' ') space = at;
  }
  if (space > 0) return space;
  for (size_t at = limit / 2; at > 0; --at) {
    if (text[at] == ' ') return at;
  }
  size_t at = limit;
  while (at > 1 && (static_cast<unsigned char>(text[at]) & 0xC0) == 0x80) --at;
  return at;
}

}  // namespace

std::vector<std::string> chapters_of(std::string_view document) {
  std::vector<std::string> chapters(1);
  const bool has_headings = document.starts_with('#') || document.find("\n#") != document.npos;
  while (!document.empty()) {
    const size_t end = std::min(document.find('\n'), document.size());
    const std::string_view line = document.substr(0, end);
    document.remove_prefix(std::min(end + 1, document.size()));
    const bool is_blank = std::ranges::all_of(line, is_space), is_heading = line.starts_with('#');
    const size_t full = is_blank ? kSectionBytes : kLongSectionBytes;
    if (is_heading || (!has_headings && chapters.back().size() > full)) chapters.emplace_back();
    if (!is_heading && line.find_first_not_of("-_* \t\r") != line.npos) append_words(chapters.back(), line);
  }
  std::erase_if(chapters, [](const std::string& chapter) { return chapter.empty(); });
  if (has_headings) return chapters;
  std::vector<std::string> sections;
  for (std::string& chapter : chapters) {
    // Longer than that it is by its last line, which holds many.
    if (chapter.size() > 2 * kLongSectionBytes)
      std::ranges::move(passages_of(chapter, kLongSectionBytes), std::back_inserter(sections));
    else sections.push_back(std::move(chapter));
  }
  return sections;
}

std::vector<std::string> passages_of(std::string_view chapter, size_t limit) {
  limit = std::max<size_t>(limit, 8);
  std::vector<std::string> passages;
  while (chapter.size() > limit) {
    const size_t at = break_point(chapter, limit);
    passages.emplace_back(chapter.substr(0, at));
    chapter.remove_prefix(chapter[at] == ' ' ? at + 1 : at);
  }
  if (!chapter.empty()) passages.emplace_back(chapter);
  return passages;
}

}  // namespace triad::data
