#include "triad/train/cli/command_line.h"

#include <algorithm>
#include <exception>
#include <filesystem>
#include <new>
#include <vector>

#include <CLI/CLI.hpp>

#include "triad/core/base/error.h"
#include "triad/core/base/version.h"
#include "triad/core/comm/collective.h"
#include "triad/train/cli/bench_command.h"
#include "triad/train/cli/data_command.h"
#include "triad/train/cli/doctor_command.h"
#include "triad/train/cli/embed_command.h"
#include "triad/train/cli/launch_command.h"
#include "triad/train/cli/train_command.h"
#include "triad/train/config/binder.h"
#include "triad/train/launch/restart_guard.h"
#include "triad/train/parallel/replicas.h"

namespace triad::train {
namespace {

/// CLI11 says of a misspelt command only that one is required. ConfigError naming it and the nearest.
void check_commands(const CLI::App& app, std::span<const std::string> arguments) {
  const CLI::App* at = &app;
  std::string typed;
  for (const std::string& argument : arguments) {
    std::vector<std::string> names;
    for (const CLI::App* command : at->get_subcommands(nullptr)) {
      if (!command->get_name().empty()) names.push_back(command->get_name());  // option groups have none
    }
    if (names.empty() || argument.starts_with('-')) return;
    typed += (typed.empty() ? "" : " ") + argument;
    if (std::ranges::find(names, argument) == names.end()) {
      fail<ConfigError>("'" + typed + "'", "no such command", Hint{suggestion(argument, names)});
    }
    at = at->get_subcommand(argument);
  }
}

int exit_code_of(const Error& error) {
  if (dynamic_cast<const AgreementError*>(&error) || dynamic_cast<const comm::MismatchError*>(&error))
    return kExitDiffering;
  if (dynamic_cast<const ConfigError*>(&error)) return kExitUsage;
  if (dynamic_cast<const comm::TimeoutError*>(&error)) return kExitLate;
  if (dynamic_cast<const comm::CommError*>(&error)) return kExitPeerLost;
  if (dynamic_cast<const ReplicaError*>(&error)) return kExitReplicas;
  if (dynamic_cast<const NumericError*>(&error)) return kExitNumeric;
  if (dynamic_cast<const NoProgressError*>(&error)) return kExitNoProgress;
  return kExitFailure;
}

}  // namespace

int run_command_line(std::span<const std::string> arguments, CommandContext& context) {
  CLI::App app{"Trains encoders of text, images and speech into one space.", "triad"};
  app.set_version_flag("--version", std::string(version()));
  app.require_subcommand(1);
  try {
    add_train_commands(app, context);
    add_data_command(app, context);
    add_embed_command(app, context);
    add_bench_command(app, context);
    add_launch_command(app, context);
    add_doctor_command(app, context);
    check_commands(app, arguments);
    std::vector<std::string> reversed(arguments.rbegin(), arguments.rend());  // as CLI11 wants them
    app.parse(std::move(reversed));
    return context.exit_code;
  } catch (const CLI::ParseError& e) {
    return app.exit(e, context.out, context.err) == 0 ? kExitDone : kExitUsage;
  } catch (const Error& e) {
    context.err << "triad: " << e.what() << "\n";
    return exit_code_of(e);
  } catch (const std::filesystem::filesystem_error& e) {
    context.err << "triad: " << e.path1().string() << " cannot be used: " << e.code().message() << "\n";
  } catch (const std::bad_alloc&) {
    context.err << "triad: out of memory\n";
  } catch (const std::exception& e) {
    context.err << "triad: " << e.what() << "\n";
  }
  return kExitFailure;
}

}  // namespace triad::train
