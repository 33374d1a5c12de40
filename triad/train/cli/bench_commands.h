// The commands below `triad bench`, and what they share.
#pragma once

#include <filesystem>
#include <fstream>
#include <string>
#include <string_view>

#include "triad/train/cli/command_line.h"

namespace triad::train {

/// steps: whole training steps.
void add_bench_steps_command(CLI::App& bench, CommandContext& context);
/// list, run, compare, roofline, repro: kernels.
void add_bench_kernel_commands(CLI::App& bench, CommandContext& context);

/// A program of benches/peers: `given`, or the one of that name that was installed with triad. IoError if there is none.
std::filesystem::path peer_script(const std::string& given, std::string_view name);

/// Lines of JSON, each on disk before the next is measured: whoever interrupts keeps what is done.
class JsonLines {
 public:
  /// Without a file nothing is written. IoError if it cannot be.
  explicit JsonLines(const std::string& file);
  void write(std::string_view line);

 private:
  std::string file_;
  std::ofstream out_;
};

}  // namespace triad::train
