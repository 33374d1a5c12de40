// Books as chapters, and chapters as passages of a few hundred bytes.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace triad::data {

/// The chapters of a document in plain text or Markdown: what lies between lines that begin with '#'. Such lines and
/// lines of dashes are left out, other line breaks and runs of white space become one space, and chapters without text
/// disappear. A document without headings is cut into sections of about 50 000 bytes: at blank lines, where there are too few
/// at other ends of lines, and lines of more than that as passages_of() does.
std::vector<std::string> chapters_of(std::string_view document);

/// A chapter in passages of at most `limit` bytes, none lost: broken after a sentence where one ends in the second half
/// of the limit (in scripts without spaces too: 。！？), else at a space, else between two characters. `limit` is at least 8.
std::vector<std::string> passages_of(std::string_view chapter, size_t limit);

}  // namespace triad::data
