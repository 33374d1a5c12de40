// triad launch
#pragma once

#include "triad/train/cli/command_line.h"

namespace triad::train {

/// Adds
///   launch -n N [--hosts A,B] [--backend mpi|threads] -- COMMAND …     COMMAND on N ranks
///   launch -n N --slurm [--nodes M] [--time T] [--partition P] [--grace S] [--show] -- COMMAND …
void add_launch_command(CLI::App& app, CommandContext& context);

}  // namespace triad::train
