// triad bench: how long things take here, and how long others take.
#pragma once

#include "triad/train/cli/command_line.h"

namespace triad::train {

void add_bench_command(CLI::App& app, CommandContext& context);

}  // namespace triad::train
