// Lines of tables.
#pragma once

#include <cstdio>
#include <string>

namespace triad::bench {

/// What printf(format, values…) prints, at most 511 bytes of it.
template <class... Values>
std::string formatted(const char* format, Values... values) {
  char text[512];
  std::snprintf(text, sizeof(text), format, values...);
  return text;
}

}  // namespace triad::bench
