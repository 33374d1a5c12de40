#include "triad/train/cli/bench_command.h"

#include <CLI/CLI.hpp>

#include "triad/core/base/error.h"
#include "triad/train/cli/bench_commands.h"

namespace triad::train {

std::filesystem::path peer_script(const std::string& given, std::string_view name) {
  const std::filesystem::path program = std::filesystem::read_symlink("/proc/self/exe");
  const std::filesystem::path script =
      given.empty() ? program.parent_path().parent_path() / "share/triad" / name : std::filesystem::path(given);
  require<IoError>(std::filesystem::exists(script), script.string(), "does not exist",
                   Hint{str("--peer-script names benches/peers/", name, " of the sources")});
  return script;
}

JsonLines::JsonLines(const std::string& file) : file_(file) {
  if (file.empty()) return;
  out_.open(file, std::ios::trunc);
  require<IoError>(out_.good(), file, "cannot be written");
}

void JsonLines::write(std::string_view line) {
  if (file_.empty()) return;
  out_ << line << std::endl;
  require<IoError>(out_.good(), file_, "cannot be written");
}

void add_bench_command(CLI::App& app, CommandContext& context) {
  CLI::App* bench = app.add_subcommand("bench", "Measure kernels and whole training steps on this machine");
  bench->require_subcommand(1);
  add_bench_kernel_commands(*bench, context);
  add_bench_steps_command(*bench, context);
}

}  // namespace triad::train
