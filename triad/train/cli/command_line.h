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
inline constexpr int kExitDone = 0;         ///< what was asked for is done
inline constexpr int kExitFailure = 1;      ///< it could not be done
inline constexpr int kExitUsage = 2;        ///< the command line or the configuration is wrong; nothing was started
inline constexpr int kExitRequeue = 75;     ///< told to stop: the run is saved and goes on with --resume auto
inline constexpr int kExitPeerLost = 76;    ///< another rank is lost, or has failed
inline constexpr int kExitLate = 77;        ///< another rank did not take part in time
inline constexpr int kExitDiffering = 78;   ///< ranks are, or do, different things: starting again does not help
inline constexpr int kExitReplicas = 79;    ///< ranks hold different parameters
inline constexpr int kExitNumeric = 80;     ///< a gradient is NaN or infinite
inline constexpr int kExitNoProgress = 93;  ///< started again and again at the same place

/// Where a sub-command writes, and what it exits with if it ends without an exception.
struct CommandContext {
  std::ostream& out = std::cout;
  std::ostream& err = std::cerr;
  int exit_code = kExitDone;
  int rank_threads = 0;  ///< train on so many ranks that are threads; 0: on the ranks this process was started as
};

/// Runs `triad ARGUMENTS`. Errors become one message on context.err and an exit code (docs/exit-codes.md).
int run_command_line(std::span<const std::string> arguments, CommandContext& context);

}  // namespace triad::train
