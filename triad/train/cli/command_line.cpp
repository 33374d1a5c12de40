#include "triad/train/cli/command_line.h"

#include <algorithm>
#include <exception>
#include <new>
#include <vector>

#include <CLI/CLI.hpp>

#include "triad/core/base/error.h"
#include "triad/core/base/version.h"
#include "triad/train/cli/bench_command.h"
#include "triad/train/cli/data_command.h"
#include "triad/train/cli/embed_command.h"
#include "triad/train/cli/train_command.h"

namespace triad::train {

int run_command_line(std::span<const std::string> arguments, CommandContext& context) {
  CLI::App app{"Trains encoders of text, images and speech into one space.", "triad"};
  app.set_version_flag("--version", std::string(version()));
  app.require_subcommand(1);
  try {
    add_train_commands(app, context);
    add_data_command(app, context);
    add_embed_command(app, context);
    add_bench_command(app, context);
    std::vector<std::string> reversed(arguments.rbegin(), arguments.rend());  // as CLI11 wants them
    app.parse(std::move(reversed));
    return context.exit_code;
  } catch (const CLI::ParseError& e) {
    return app.exit(e, context.out, context.err) == 0 ? kExitDone : kExitUsage;
  } catch (const ConfigError& e) {
    context.err << "triad: " << e.what() << "\n";
    return kExitUsage;
  } catch (const std::bad_alloc&) {
    context.err << "triad: out of memory\n";
  } catch (const std::exception& e) {
    context.err << "triad: " << e.what() << "\n";
  }
  return kExitFailure;
}

}  // namespace triad::train
