// `triad ARGUMENTS` inside the test.
#pragma once

#include <sstream>
#include <string>
#include <vector>

#include "triad/train/cli/command_line.h"

namespace triad::train {

struct CommandResult {
  int code;
  std::string out, err;
};

inline CommandResult run_triad(const std::vector<std::string>& arguments) {
  std::ostringstream out, err;
  CommandContext context{out, err};
  const int code = run_command_line(arguments, context);
  return {code, out.str(), err.str()};
}

}  // namespace triad::train
