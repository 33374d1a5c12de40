// Jobs for Slurm: `triad launch --slurm`.
#pragma once

#include <string>
#include <vector>

namespace triad::train {

struct SlurmOptions {
  int ranks = 1;
  int nodes = 0;            ///< 0: as many as Slurm finds
  std::string time;         ///< limit, as sbatch takes it; empty: that of the partition
  std::string partition;    ///< empty: the default one
  int grace_seconds = 120;  ///< how long before its end a job is told: a step and a save have to fit
};

/// The script of a job that runs `program arguments` on its ranks. The job is told by SIGUSR1 before its time is over or it is
/// preempted; it saves, ends with 75 and is queued again, as it is where a rank was lost (76) or stuck (77). `folder` takes
/// its log. ConfigError if the arguments have no --out, or one that a queued job could not find again.
std::string slurm_script(const SlurmOptions& options, const std::string& program,
                         const std::vector<std::string>& arguments);

/// Writes the script into the run directory that the arguments name, hands it to sbatch and returns sbatch's exit status.
/// ConfigError if there is no sbatch.
int submit_to_slurm(const SlurmOptions& options, const std::vector<std::string>& arguments);

}  // namespace triad::train
