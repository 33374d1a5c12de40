// triad embed
#pragma once

#include "triad/train/cli/command_line.h"

namespace triad::train {

/// Adds
///   embed --run RUN --text "…" | --text-file F | --image F… | --audio F… --out FILE    embeddings [N, D]
///   embed --hf DIR --text "…" | --text-file F --out FILE                               see HiddenStates
void add_embed_command(CLI::App& app, CommandContext& context);

}  // namespace triad::train
