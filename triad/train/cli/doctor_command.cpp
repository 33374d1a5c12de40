#include "triad/train/cli/doctor_command.h"

#include <algorithm>
#include <memory>

#include <CLI/CLI.hpp>

#include "triad/train/config/recipe.h"
#include "triad/train/doctor/doctor.h"

namespace triad::train {

void add_doctor_command(CLI::App& app, CommandContext& context) {
  struct Arguments {
    std::string config, out = "runs";
    std::vector<std::string> overrides;
    bool json = false;
  };
  const auto a = std::make_shared<Arguments>();
  CLI::App* command = app.add_subcommand("doctor", "Look for what would go wrong with a run on these ranks");
  command->add_option("CONFIG", a->config, "recipe, to be compared between ranks, with its data set");
  command->add_option("--set", a->overrides, "override a key of the recipe")
      ->type_name("KEY=VALUE")
      ->take_all()
      ->allow_extra_args(false);
  command->add_option("--out", a->out, "where a run would write")->type_name("DIR")->capture_default_str();
  command->add_flag("--json", a->json, "for programs");
  command->callback([a, &context] {
    const auto run = [&](const Ranks& ranks) {
      DoctorOptions options{.recipe_text = {}, .data = {}, .folder = a->out};
      if (!a->config.empty()) {
        const Recipe recipe = read_recipe(a->config, a->overrides);
        options.recipe_text = write_recipe(recipe);
        options.data = recipe.data.dir;
      }
      const std::vector<Finding> findings = examine(ranks, options);
      if (ranks.comm.rank() != 0) return;
      context.out << (a->json ? to_json(findings) : show(findings)) << std::flush;
      if (std::ranges::any_of(findings, [](const Finding& f) { return f.verdict == Verdict::fail; }))
        context.exit_code = kExitFailure;
    };
    if (context.rank_threads > 0) on_rank_threads(context.rank_threads, run);
    else on_started_ranks(run);
  });
}

}  // namespace triad::train
