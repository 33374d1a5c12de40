#include <string>
#include <vector>

#include "triad/core/cpu/wait_policy.h"
#include "triad/train/cli/command_line.h"
#include "triad/train/cli/standard_streams.h"

int main(int argc, char** argv) {
  triad::train::prepare_standard_streams();
  triad::cpu::use_passive_wait(argv);
  const std::vector<std::string> arguments(argv + (argc > 0 ? 1 : 0), argv + argc);
  triad::train::CommandContext context;
  return triad::train::finish_standard_output(triad::train::run_command_line(arguments, context));
}
