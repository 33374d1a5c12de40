// triad data list | build | inspect
#pragma once

#include "triad/train/cli/command_line.h"

namespace triad::train {

/// Adds the sub-command `data` with
///   list                                  names the data sets that can be built
///   build NAME --out DIR [--seed N] [--replace] [OPTIONS OF NAME]
///   inspect DIR [--samples N]             counts, samples, damage; exits with 1 if there is damage
void add_data_command(CLI::App& app, CommandContext& context);

}  // namespace triad::train
