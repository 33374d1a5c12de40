#include "triad/train/cli/data_command.h"

#include <memory>
#include <string>

#include <CLI/CLI.hpp>

#include "triad/core/base/error.h"
#include "triad/data/build/builder.h"
#include "triad/data/shards/inspect.h"
#include "triad/train/metrics/terminal_line.h"

namespace triad::train {
namespace {

using data::BuilderOption;

/// Values of the options of one builder, as CLI11 writes them.
struct BuildArguments {
  data::BuildRequest request;
  std::string out;
};

/// One option of a builder as an option of its sub-command; the value lives in `values`.
void add_option(CLI::App& command, const BuilderOption& option, data::Attributes& values) {
  using Kind = BuilderOption::Kind;
  data::Attribute& value = values[option.name] = option.value;
  const std::string flag = "--" + option.name;
  CLI::Option* added = nullptr;
  switch (option.kind) {
    case Kind::kPath:
      added = command.add_option(flag, std::get<std::string>(value), option.help)->type_name("PATH");
      break;
    case Kind::kText:
      added = command.add_option(flag, std::get<std::string>(value), option.help)->type_name("TEXT");
      break;
    case Kind::kInteger: added = command.add_option(flag, std::get<int64_t>(value), option.help)->type_name("N"); break;
    case Kind::kReal: added = command.add_option(flag, std::get<double>(value), option.help)->type_name("X"); break;
    case Kind::kFlag: added = command.add_flag(flag, std::get<bool>(value), option.help); break;
  }
  if (option.required) added->required();
  else if (option.kind != Kind::kFlag) added->capture_default_str();
}

void run_build(const data::Builder& builder, BuildArguments& arguments, CommandContext& context) {
  TerminalLine line;
  arguments.request.out = arguments.out;
  data::check_paths(builder, arguments.request);
  arguments.request.progress = [&](int64_t done) { line.show(str(done, " samples")); };
  const data::Manifest manifest = builder.build(arguments.request);
  line.end();
  context.out << arguments.out << ": data set " << manifest.name << ", fingerprint " << manifest.fingerprint() << "\n";
  for (const data::SplitEntry& split : manifest.splits) {
    context.out << "  " << split.name << ": " << split.samples << " samples\n";
  }
  if (!manifest.attributes.contains("skipped")) return;
  const std::vector<std::string>& skipped = manifest.list("skipped");
  context.out << "  left out: " << skipped.size() << "\n";
  for (const std::string& file : skipped) context.out << "    " << file << "\n";
}

}  // namespace

void add_data_command(CLI::App& app, CommandContext& context) {
  CLI::App* command = app.add_subcommand("data", "Build and look at data sets");
  command->require_subcommand(1);

  command->add_subcommand("list", "Name the data sets that can be built")->callback([&context] {
    for (const data::Builder& builder : data::all_builders()) {
      context.out << builder.name << std::string(builder.name.size() < 12 ? 12 - builder.name.size() : 1, ' ')
                  << builder.summary << "\n";
    }
  });

  CLI::App* build = command->add_subcommand("build", "Build a data set: triad data build NAME --out DIR");
  build->require_subcommand(1);
  for (const data::Builder& builder : data::all_builders()) {
    CLI::App* one = build->add_subcommand(builder.name, builder.summary);
    const auto arguments = std::make_shared<BuildArguments>();
    one->add_option("--out", arguments->out, "folder of the data set: new, empty or of a build that was cut off")
        ->type_name("DIR")
        ->required();
    one->add_option("--seed", arguments->request.seed, "decides everything that is drawn")
        ->check(CLI::NonNegativeNumber)
        ->capture_default_str();
    one->add_flag("--replace", arguments->request.write.replace, "replace a data set that is there");
    for (const BuilderOption& option : builder.options) add_option(*one, option, arguments->request.options);
    one->callback([&builder, arguments, &context] { run_build(builder, *arguments, context); });
  }

  CLI::App* inspect = command->add_subcommand("inspect", "Show counts, samples and damage of a data set");
  const auto folder = std::make_shared<std::string>();
  const auto samples = std::make_shared<int64_t>(3);
  inspect->add_option("DIR", *folder, "folder of the data set")->required();
  inspect->add_option("--samples", *samples, "samples to show of each split")->capture_default_str();
  inspect->callback([folder, samples, &context] {
    const data::Inspection inspection = data::inspect(*folder);
    context.out << data::describe(*folder, inspection, *samples);
    if (!inspection.damage.empty()) context.exit_code = kExitFailure;
  });
}

}  // namespace triad::train
