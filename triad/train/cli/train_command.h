// triad pretrain, eval and ckpt
#pragma once

#include "triad/train/cli/command_line.h"

namespace triad::train {

/// Adds
///   pretrain CONFIG [--only STAGE] [--from RUN] [--resume auto] [--set key=value] [--seed N] [--out RUN]
///   eval RUN [--data DIR] [--json FILE]
///   ckpt diff A B        exits with 0 where all tensors are bit-equal, else 1 and their names
void add_train_commands(CLI::App& app, CommandContext& context);

}  // namespace triad::train
