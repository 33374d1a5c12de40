#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace triad::train {

/// Runs a program, found by PATH, and returns its exit status, 128 + N if signal N ended it. SIGTERM and SIGUSR1 reach it as
/// SIGUSR1 meanwhile, a second SIGTERM as itself. ConfigError with `hint` if it cannot be started.
int run_child(std::vector<std::string> command, std::string_view hint);

}  // namespace triad::train
