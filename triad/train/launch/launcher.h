// Starting ranks: `triad launch`.
#pragma once

#include <string>
#include <vector>

namespace triad::train {

struct LaunchOptions {
  int ranks = 1;
  std::vector<std::string> hosts;  ///< empty: this one
};

/// The command that makes mpirun start `program arguments` on all ranks. `is_root`: Open MPI wants to be told that it may.
std::vector<std::string> mpirun_command(const LaunchOptions& options, const std::string& program,
                                        const std::vector<std::string>& arguments, bool is_root);

/// Becomes that command. Returns only by ConfigError, where there is no mpirun.
[[noreturn]] void launch_by_mpirun(const LaunchOptions& options, const std::vector<std::string>& arguments);

}  // namespace triad::train
