#include "triad/train/metrics/terminal_line.h"

#include <iostream>

#include <sys/ioctl.h>
#include <unistd.h>

namespace triad::train {
namespace {

/// Columns of the terminal: a longer line would wrap, and could not be overwritten.
size_t terminal_width() {
  winsize size{};
  return ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0 ? size.ws_col : std::string_view::npos;
}

}  // namespace

bool TerminalLine::show(std::string_view text) {
  if (isatty(STDERR_FILENO) != 1) return false;
  std::cerr << "\r\x1b[K" << text.substr(0, terminal_width()) << std::flush;
  open_ = true;
  return true;
}

void TerminalLine::clear() {
  if (open_) std::cerr << "\r\x1b[K" << std::flush;
  open_ = false;
}

void TerminalLine::end() {
  if (open_) std::cerr << '\n';
  open_ = false;
}

}  // namespace triad::train
