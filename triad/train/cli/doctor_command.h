// triad doctor
#pragma once

#include "triad/train/cli/command_line.h"

namespace triad::train {

/// Adds
///   doctor [CONFIG] [--set KEY=VALUE] [--out DIR] [--json]     alone, or under `triad launch -n N --`; exits with 1 if a check fails
void add_doctor_command(CLI::App& app, CommandContext& context);

}  // namespace triad::train
