#pragma once

#include <string>

namespace triad {

/// `text` as one word of a shell's command line.
inline std::string quoted_for_shell(const std::string& text) {
  std::string quoted = "'";
  for (const char c : text) quoted += c == '\'' ? std::string("'\\''") : std::string(1, c);
  return quoted + "'";
}

}  // namespace triad
