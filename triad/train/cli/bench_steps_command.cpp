#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>

#include "triad/bench/measure/machine.h"
#include "triad/bench/steps/step_profile.h"
#include "triad/bench/steps/step_timing.h"
#include "triad/bench/steps/training_step.h"
#include "triad/core/base/error.h"
#include "triad/train/cli/bench_commands.h"
#include "triad/train/metrics/terminal_line.h"

namespace triad::train {
namespace {

struct StepsArguments {
  std::vector<std::string> cases = bench::training_step_names();
  std::vector<std::string> dtypes = {"f32", "bf16"};
  bench::StepTimingOptions timing;
  std::string peer, script;
  bench::TorchPeer torch;
  std::string json;
  bool profile = false;
};

void time_steps(StepsArguments& a, CommandContext& context) {
  if (!a.peer.empty()) {
    a.torch.script = peer_script(a.script, "torch_steps.py");
    a.timing.peer = a.torch;
  }
  JsonLines lines(a.json);
  TerminalLine progress;
  const bench::Machine machine = bench::measure_machine();
  context.out << bench::summary_of(machine) << "\n" << bench::step_table_head() << std::endl;
  lines.write(nlohmann::json{{"machine", bench::to_json(machine)}}.dump());
  for (const std::string& name : a.cases) {
    for (const std::string& dtype : a.dtypes) {
      progress.show(str(name, " ", dtype));
      const bench::StepTiming timing = bench::time_step(name, dtype_from_name(dtype), a.timing, machine);
      progress.clear();
      context.out << bench::step_table_line(timing) << std::endl;
      for (const bench::PeerTiming& p : timing.peers) {
        if (!p.error.empty())
          context.err << "triad: " << name << " " << dtype << ", torch " << p.mode << ": " << p.error << "\n";
      }
      lines.write(bench::to_json(timing).dump());
      if (a.profile)
        context.out << bench::profile_of_step(name, dtype_from_name(dtype), a.timing.dropout) << std::flush;
    }
  }
}

}  // namespace

void add_bench_steps_command(CLI::App& bench, CommandContext& context) {
  const auto a = std::make_shared<StepsArguments>();
  CLI::App* command = bench.add_subcommand(
      "steps",
      "Whole training steps: forward, loss, backward, clipping, AdamW; against PyTorch where --peer asks for it");
  command->add_option("--cases", a->cases, "which; all without it")
      ->delimiter(',')
      ->check(CLI::IsMember(bench::training_step_names()))
      ->type_name("NAME,…");
  command->add_option("--dtype", a->dtypes, "f32, bf16 or both")
      ->delimiter(',')
      ->check(CLI::IsMember({"f32", "bf16"}))
      ->type_name("DTYPE,…");
  command->add_option("--steps", a->timing.steps, "timed steps of each")
      ->check(CLI::Range(3, 1000))
      ->capture_default_str();
  command->add_option("--warmup", a->timing.warmup, "steps before them")
      ->check(CLI::Range(1, 1000))
      ->capture_default_str();
  command->add_option("--dropout", a->timing.dropout, "of activations and attention weights")
      ->check(CLI::Range(0.0, 0.9))
      ->capture_default_str();
  CLI::Option* peer =
      command->add_option("--peer", a->peer, "torch: PyTorch does the same steps, taking turns with triad")
          ->check(CLI::IsMember({"torch"}));
  command->add_option("--python", a->torch.python, "the Python that has PyTorch")->needs(peer)->capture_default_str();
  command->add_option("--peer-script", a->script, "torch_steps.py; the one installed with triad without it")
      ->needs(peer);
  command->add_option("--modes", a->torch.modes, "of the peer; the faster one counts")
      ->delimiter(',')
      ->check(CLI::IsMember({"eager", "compile"}))
      ->needs(peer);
  command->add_option("--json", a->json, "file for a line of JSON a case")->type_name("FILE");
  command->add_flag("--profile", a->profile, "show where the time of a step goes");
  command->callback([a, &context] { time_steps(*a, context); });
}

}  // namespace triad::train
