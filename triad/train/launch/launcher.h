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

/// Runs that command and returns its exit status, 128 + N if signal N ended it. SIGTERM and SIGUSR1 reach the ranks as SIGUSR1:
/// told to terminate, mpirun kills its ranks after a second, before they have finished their step and saved. A second SIGTERM
/// is passed on as it is. ConfigError if there is no mpirun.
int launch_by_mpirun(const LaunchOptions& options, const std::vector<std::string>& arguments);

}  // namespace triad::train
