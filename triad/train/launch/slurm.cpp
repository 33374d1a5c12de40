#include "triad/train/launch/slurm.h"

#include <algorithm>
#include <filesystem>

#include "triad/core/base/error.h"
#include "triad/core/base/shell.h"
#include "triad/data/formats/durable_file.h"
#include "triad/train/launch/run_child.h"

namespace triad::train {
namespace {

namespace fs = std::filesystem;

fs::path run_directory(const std::vector<std::string>& arguments) {
  const auto option = std::ranges::find(arguments, "--out");
  if (option == arguments.end() || option + 1 == arguments.end())
    fail<ConfigError>("launch --slurm", "the command has no --out",
                      Hint{"a job that is queued again finds its run by it"});
  return fs::absolute(*(option + 1));
}

}  // namespace

std::string slurm_script(const SlurmOptions& o, const std::string& program, const std::vector<std::string>& arguments) {
  const fs::path run = run_directory(arguments);
  std::string script = str("#!/bin/bash\n#SBATCH --job-name=triad\n#SBATCH --ntasks=", o.ranks, "\n");
  if (o.nodes > 0) script += str("#SBATCH --nodes=", o.nodes, "\n");
  if (!o.time.empty()) script += "#SBATCH --time=" + o.time + "\n";
  if (!o.partition.empty()) script += "#SBATCH --partition=" + o.partition + "\n";
  script += str("#SBATCH --requeue\n#SBATCH --open-mode=append\n#SBATCH --output=", run.string(), "/slurm-%j.log\n");
  script += str("#SBATCH --signal=USR1@", o.grace_seconds, "\n\n");
  script += "srun --mpi=pmix --kill-on-bad-exit=0 " + quoted_for_shell(program);
  for (const std::string& argument : arguments) script += " " + quoted_for_shell(argument);
  if (std::ranges::find(arguments, "--resume") == arguments.end()) script += " --resume auto";
  script +=
      "\ncode=$?\n"
      "# 75: told to stop, and saved; 76, 77: a rank was lost or stuck. docs/exit-codes.md\n"
      "case $code in 75 | 76 | 77) scontrol requeue \"$SLURM_JOB_ID\" ;; esac\n"
      "exit $code\n";
  return script;
}

int submit_to_slurm(const SlurmOptions& options, const std::vector<std::string>& arguments) {
  const std::string program = fs::read_symlink("/proc/self/exe").string();
  const std::string script = slurm_script(options, program, arguments);
  const fs::path run = run_directory(arguments);
  fs::create_directories(run);
  data::write_durably(run / "slurm.sh", script);
  return run_child({"sbatch", (run / "slurm.sh").string()}, "is Slurm installed on this host?");
}

}  // namespace triad::train
