#include "triad/train/cli/bench_command.h"

#include <filesystem>
#include <fstream>
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

/// torch_steps.py as installed beside the program.
std::filesystem::path installed_script() {
  return std::filesystem::read_symlink("/proc/self/exe").parent_path().parent_path() / "share/triad/torch_steps.py";
}

/// Lines of JSON, each on disk before the next is measured: whoever interrupts keeps what is done.
class JsonLines {
 public:
  explicit JsonLines(const std::string& file) : file_(file) {
    if (file.empty()) return;
    out_.open(file, std::ios::trunc);
    require<IoError>(out_.good(), file, "cannot be written");
  }
  void write(const nlohmann::json& line) {
    if (file_.empty()) return;
    out_ << line.dump() << std::endl;
    require<IoError>(out_.good(), file_, "cannot be written");
  }

 private:
  std::string file_;
  std::ofstream out_;
};

void time_steps(StepsArguments& a, CommandContext& context) {
  if (!a.peer.empty()) {
    a.torch.script = a.script.empty() ? installed_script() : std::filesystem::path(a.script);
    require<IoError>(std::filesystem::exists(a.torch.script), a.torch.script.string(), "does not exist",
                     Hint{"--peer-script names benches/peers/torch_steps.py of the sources"});
    a.timing.peer = a.torch;
  }
  JsonLines lines(a.json);
  const bench::Machine machine = bench::measure_machine();
  context.out << bench::summary_of(machine) << "\n" << bench::step_table_head() << std::endl;
  lines.write({{"machine", bench::to_json(machine)}});
  for (const std::string& name : a.cases) {
    for (const std::string& dtype : a.dtypes) {
      const bench::StepTiming timing = bench::time_step(name, dtype_from_name(dtype), a.timing, machine);
      context.out << bench::step_table_line(timing) << std::endl;
      for (const bench::PeerTiming& p : timing.peers) {
        if (!p.error.empty())
          context.err << "triad: " << name << " " << dtype << ", torch " << p.mode << ": " << p.error << "\n";
      }
      lines.write(bench::to_json(timing));
      if (a.profile)
        context.out << bench::profile_of_step(name, dtype_from_name(dtype), a.timing.dropout) << std::flush;
    }
  }
}

void add_steps(CLI::App& bench, CommandContext& context) {
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
      ->check(CLI::Range(1, 1000))
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

}  // namespace

void add_bench_command(CLI::App& app, CommandContext& context) {
  CLI::App* bench = app.add_subcommand("bench", "Measure how long training steps take on this machine");
  bench->require_subcommand(1);
  add_steps(*bench, context);
}

}  // namespace triad::train
