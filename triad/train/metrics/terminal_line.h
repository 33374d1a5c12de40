#pragma once

#include <string_view>

namespace triad::train {

/// A line on the terminal that is written over and over, on standard error. Where that is no terminal nothing is shown.
class TerminalLine {
 public:
  TerminalLine() = default;
  ~TerminalLine() { end(); }
  TerminalLine(const TerminalLine&) = delete;
  TerminalLine& operator=(const TerminalLine&) = delete;

  /// Replaces what the line says. False if there is no terminal.
  bool show(std::string_view text);
  /// Takes the line away: what is written next stands in its place.
  void clear();
  /// Leaves the line as it is: what is written next, an error perhaps, begins below.
  void end();

 private:
  bool open_ = false;
};

}  // namespace triad::train
