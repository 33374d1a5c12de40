#include "triad/data/build/prose.h"

#include <algorithm>

namespace triad::data {
namespace {

constexpr size_t kSectionBytes = 50000;

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

/// Length of a closing quotation mark or bracket at the end of `text`, 0 if there is none.
size_t closing_mark(std::string_view text) {
  for (const std::string_view mark : {"\"", "'", ")", "]", "_", "*", "”", "’", "»"}) {
    if (text.ends_with(mark)) return mark.size();
  }
  return 0;
}

bool ends_sentence(std::string_view text) {
  while (const size_t size = closing_mark(text)) text.remove_suffix(size);
  return text.ends_with('.') || text.ends_with('!') || text.ends_with('?') || text.ends_with("…");
}

/// Where to end the first passage of `text`, which is longer than `limit`.
size_t break_point(std::string_view text, size_t limit) {
  size_t space = 0;
  for (size_t at = limit; at > limit / 2; --at) {
    if (text[at] != ' ') continue;
    if (ends_sentence(text.substr(0, at))) return at;
    if (space == 0) space = at;
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
    const bool is_blank = std::ranges::all_of(line, is_space);
    if (line.starts_with('#') || (!has_headings && is_blank && chapters.back().size() > kSectionBytes))
      chapters.emplace_back();
    else if (line.find_first_not_of("-_* \t\r") != line.npos) append_words(chapters.back(), line);
  }
  std::erase_if(chapters, [](const std::string& chapter) { return chapter.empty(); });
  return chapters;
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
