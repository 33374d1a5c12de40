#include "triad/train/cli/launch_command.h"

#include <memory>

#include <CLI/CLI.hpp>

#include "triad/core/base/error.h"
#include "triad/train/launch/launcher.h"
#include "triad/train/launch/slurm.h"

namespace triad::train {

void add_launch_command(CLI::App& app, CommandContext& context) {
  struct Arguments {
    LaunchOptions options;
    SlurmOptions slurm;
    bool by_slurm = false, shows = false;
    std::string backend = "mpi";
    std::vector<std::string> command;
  };
  const auto a = std::make_shared<Arguments>();
  CLI::App* launch = app.add_subcommand("launch", "Run a command, such as pretrain, on several ranks");
  launch->add_option("-n", a->options.ranks, "number of ranks")->required()->check(CLI::PositiveNumber)->type_name("N");
  launch->add_option("--hosts", a->options.hosts, "where to start them; this host by default")
      ->delimiter(',')
      ->type_name("A,B");
  launch->add_option("--backend", a->backend, "mpi: processes, started by mpirun; threads: of one process")
      ->check(CLI::IsMember({"mpi", "threads"}));
  CLI::Option* slurm =
      launch->add_flag("--slurm", a->by_slurm, "hand a job to Slurm that is queued again until the run is done");
  launch->add_option("--nodes", a->slurm.nodes, "hosts of the job")->check(CLI::PositiveNumber)->needs(slurm);
  launch->add_option("--time", a->slurm.time, "limit of the job, as sbatch takes it")->needs(slurm)->type_name("TIME");
  launch->add_option("--partition", a->slurm.partition, "of the cluster")->needs(slurm)->type_name("NAME");
  launch->add_option("--grace", a->slurm.grace_seconds, "seconds before its end in which a job saves")
      ->check(CLI::PositiveNumber)
      ->needs(slurm)
      ->capture_default_str();
  launch->add_flag("--show", a->shows, "show the script of the job instead of handing it to Slurm")->needs(slurm);
  launch->add_option("COMMAND", a->command, "behind --: what each rank runs")->required()->allow_extra_args();
  launch->callback([a, &context] {
    if (a->command.empty() || (a->command.front() != "pretrain" && a->command.front() != "doctor"))
      fail<ConfigError>("launch", "cannot spread '", a->command.empty() ? "" : a->command.front(), "' over ranks",
                        Hint{"triad launch -n 4 -- pretrain CONFIG …"});
    if (a->by_slurm) {
      a->slurm.ranks = a->options.ranks;
      if (a->shows) context.out << slurm_script(a->slurm, "triad", a->command);
      else context.exit_code = submit_to_slurm(a->slurm, a->command);
      return;
    }
    if (a->backend == "mpi") {
      context.exit_code = launch_by_mpirun(a->options, a->command);
      return;
    }
    if (!a->options.hosts.empty())
      fail<ConfigError>("--hosts", "threads are of one process, on this host", Hint{"--backend mpi"});
    CommandContext inner{context.out, context.err, kExitDone, a->options.ranks};
    context.exit_code = run_command_line(a->command, inner);
  });
}

}  // namespace triad::train
