// What launchers tell a process through its environment.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace triad::train {

/// One launcher's word on which rank a process is.
struct RankEnvironment {
  std::string launcher;  ///< and the variable its number of ranks is from, for messages
  int rank = 0, size = 1;
  std::optional<int> local_rank, local_size;  ///< among those on the same host
};

/// Value of an environment variable; nothing where it is not set.
using Environment = std::function<std::optional<std::string>(const std::string& name)>;
Environment process_environment();

/// Every launcher that has set its variables: Open MPI (and PMIx), MPICH and Intel MPI (PMI), MVAPICH, Slurm's srun, and
/// those that set RANK and WORLD_SIZE as torchrun does. ConfigError where a variable is no number, or a rank is not below
/// its number of ranks.
std::vector<RankEnvironment> rank_environments(const Environment& environment);

}  // namespace triad::train
