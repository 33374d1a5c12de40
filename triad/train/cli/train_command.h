// triad pretrain, eval and ckpt
#pragma once

#include "triad/train/cli/command_line.h"

namespace triad::train {

/// Adds
///   pretrain CONFIG [--only STAGE] [--from RUN|FILE] [--resume auto] [--set key=value] [--seed N] [--out RUN]
///   eval RUN [--data DIR] [--split SPLIT] [--json FILE]
///   ckpt diff A B              exits with 0 where all tensors are bit-equal, else 1 and their names
///   ckpt ls RUN                checkpoints of a run
///   ckpt export A --out FILE   the weights alone, as safetensors
void add_train_commands(CLI::App& app, CommandContext& context);

}  // namespace triad::train
