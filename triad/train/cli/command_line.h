// The program `triad`: sub-commands, exit codes, how errors are shown.
#pragma once

#include <iostream>
#include <span>
#include <string>

namespace CLI {  // NOLINT(readability-identifier-naming): of the library
class App;
}

namespace triad::train {

/// Exit codes of every sub-command.
inline constexpr int kExitDone = 0;     ///< what was asked for is done
inline constexpr int kExitFailure = 1;  ///< it could not be done
inline constexpr int kExitUsage = 2;    ///< the command line or the configuration is wrong; nothing was started

/// Where a sub-command writes, and what it exits with if it ends without an exception.
struct CommandContext {
  std::ostream& out = std::cout;
  std::ostream& err = std::cerr;
  int exit_code = kExitDone;
  int rank_threads = 0;  ///< train on so many ranks that are threads; 0: on the ranks this process was started as
};

/// Runs `triad ARGUMENTS`. Errors become one message on context.err and an exit code: 2 for ConfigError and wrong
/// arguments, 1 for everything else.
int run_command_line(std::span<const std::string> arguments, CommandContext& context);

}  // namespace triad::train
