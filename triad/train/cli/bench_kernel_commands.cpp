#include <algorithm>
#include <map>
#include <memory>
#include <set>

#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>

#include "triad/bench/kernels/kernel_report.h"
#include "triad/bench/kernels/roofline.h"
#include "triad/bench/kernels/timing_file.h"
#include "triad/bench/measure/formatted.h"
#include "triad/core/base/error.h"
#include "triad/data/formats/durable_file.h"
#include "triad/train/cli/bench_commands.h"
#include "triad/train/metrics/terminal_line.h"

namespace triad::train {
namespace {

struct RunArguments {
  bench::CaseFilter filter;
  std::vector<std::string> dtypes, impl = {"ours"};
  std::string mode = "cold", device = "cpu", script, json;
  bench::TorchProgram torch;
  bench::KernelTimingOptions timing;
};

void add_filter(CLI::App* command, const std::shared_ptr<RunArguments>& a) {
  command
      ->add_option("--suite", a->filter.suites,
                   "models, or the beginnings of their names: text is text-mini and text-base")
      ->delimiter(',')
      ->type_name("NAME,…");
  command->add_option("--op", a->filter.kernel, "a regular expression, found in op.pass: 'norm', 'layer_norm.bwd'")
      ->type_name("REGEX");
  command->add_option("--dtype", a->dtypes, "f32, bf16 or both")
      ->delimiter(',')
      ->check(CLI::IsMember({"f32", "bf16"}))
      ->type_name("DTYPE,…");
  command->add_option("--case", a->filter.names, "the whole name of a case; may be given again")->type_name("NAME");
}

/// Wrong filters are usage errors, found before anything is measured.
std::vector<bench::KernelCase> cases_of(RunArguments& a) {
  for (const std::string& name : a.dtypes) a.filter.dtypes.push_back(dtype_from_name(name));
  try {
    return bench::find_cases(a.filter);
  } catch (const ValueError& e) {
    throw ConfigError(e.what());
  }
}

void list(RunArguments& a, CommandContext& context) {
  for (const bench::KernelCase& kernel : cases_of(a)) context.out << kernel.name() << "\n";
}

void run(RunArguments& a, CommandContext& context) {
  const std::vector<bench::KernelCase> cases = cases_of(a);
  require<DeviceError>(a.device == "cpu", "bench run", "no CUDA device: this build computes on the CPU alone");
  if (std::ranges::find(a.impl, "torch") != a.impl.end()) a.torch.script = peer_script(a.script, "torch_kernels.py");
  a.timing.mode = a.mode == "hot" ? bench::CacheMode::hot : bench::CacheMode::cold;
  std::vector<std::unique_ptr<bench::Provider>> providers;
  for (const std::string& name : std::set<std::string>(a.impl.begin(), a.impl.end()))
    providers.push_back(bench::make_provider(name, a.torch));
  std::ranges::stable_sort(providers, {}, [&](const auto& p) { return std::ranges::find(a.impl, p->name()); });
  std::map<std::string, int> timed;
  for (const auto& provider : providers) timed[provider->name()] = 0;

  JsonLines lines(a.json);
  TerminalLine progress;
  const bench::Machine machine = bench::measure_machine();
  lines.write(nlohmann::json{{"machine", bench::to_json(machine)}}.dump());
  context.out << bench::summary_of(machine) << "\n" << bench::kernel_table_head() << std::endl;
  for (size_t i = 0; i < cases.size(); ++i) {
    progress.show(str(i + 1, "/", cases.size(), " ", cases[i].name()));
    bench::KernelTiming timing;
    try {
      timing = bench::time_kernel(cases[i], providers, a.timing, machine);
    } catch (const Error& e) {
      progress.clear();
      context.err << "triad: " << cases[i].name() << ": " << e.what() << "\n";
      context.exit_code = kExitFailure;
      continue;
    }
    progress.clear();
    context.out << bench::kernel_table_lines(timing) << std::flush;
    for (nlohmann::json& line : bench::to_json(timing)) {
      if (line.at("impl") == "torch") line["python"] = a.torch.python;  // for `bench repro`
      if (line.at("impl") == "torch" && !a.script.empty()) line["peer_script"] = a.script;
      lines.write(line.dump());
    }
    for (const bench::KernelRow& row : timing.rows) {
      if (row.error.empty()) ++timed[row.impl];
      else context.err << "triad: " << cases[i].name() << ", " << row.impl << ": " << row.error << "\n";
      if (!row.error.empty() && row.impl == "ours") context.exit_code = kExitFailure;
    }
    std::erase_if(providers, [&](const auto& provider) {
      if (!provider->goes_on()) context.err << "triad: " << provider->name() << " takes no further part\n";
      return !provider->goes_on();
    });
  }
  for (const auto& [impl, rows] : timed) {
    if (rows > 0) continue;
    context.err << "triad: " << impl << " has timed none of these cases\n";
    context.exit_code = kExitFailure;
  }
}

void add_run(CLI::App& bench, CommandContext& context) {
  const auto a = std::make_shared<RunArguments>();
  CLI::App* command = bench.add_subcommand(
      "run", "Time kernels on inputs of real size, each beside the machine's limit and beside others that do the same");
  add_filter(command, a);
  command->add_option("--device", a->device)->check(CLI::IsMember({"cpu", "cuda"}))->capture_default_str();
  command->add_option("--impl", a->impl, "who: ours, onednn, openblas, torch; they take turns")
      ->delimiter(',')
      ->check(CLI::IsMember(bench::provider_names()))
      ->type_name("NAME,…");
  command->add_option("--mode", a->mode, "cold: inputs come from memory; hot: from the caches")
      ->check(CLI::IsMember({"cold", "hot"}))
      ->capture_default_str();
  command->add_option("--rounds", a->timing.rounds, "samples of each")
      ->check(CLI::Range(3, 10000))
      ->capture_default_str();
  command->add_option("--python", a->torch.python, "the Python that has PyTorch")->capture_default_str();
  command->add_option("--peer-script", a->script, "torch_kernels.py; the one installed with triad without it");
  command->add_option("--json", a->json, "file for a line of JSON a row")->type_name("FILE");
  command->callback([a, &context] { run(*a, context); });
}

void add_list(CLI::App& bench, CommandContext& context) {
  const auto a = std::make_shared<RunArguments>();
  CLI::App* command = bench.add_subcommand("list", "Name the cases that `triad bench run` times");
  add_filter(command, a);
  command->callback([a, &context] { list(*a, context); });
}

void compare(const std::string& before, const std::string& after, CommandContext& context) {
  const bench::Changes changes = bench::compare_timings(bench::read_timings(before), bench::read_timings(after));
  int slower = 0;
  for (const bench::Change& c : changes.changes) {
    context.out << bench::formatted("%10.1f %10.1f  %.3f [%.3f, %.3f] %-8s ", c.before_microseconds,
                                    c.after_microseconds, c.ratio.median, c.ratio.low, c.ratio.high,
                                    std::string(name_of(c.verdict)).c_str())
                << c.row << "\n";
    if (c.verdict == bench::Verdict::slower) ++slower;
  }
  for (const std::string& row : changes.now_wrong) context.out << "was right, and is wrong now: " << row << "\n";
  if (!changes.now_wrong.empty()) context.exit_code = kExitFailure;
  if (!changes.machines.empty()) context.err << "triad: " << changes.machines << "\n";
  for (const std::string& row : changes.only_before) context.out << "only in " << before << ": " << row << "\n";
  for (const std::string& row : changes.only_after) context.out << "only in " << after << ": " << row << "\n";
  require<ValueError>(!changes.changes.empty() || !changes.now_wrong.empty(), "bench compare",
                      "the two files have no row in common");
  context.out << changes.changes.size() << " rows compared, " << slower << " slower\n";
  if (slower > 0) context.exit_code = kExitFailure;
}

void add_compare(CLI::App& bench, CommandContext& context) {
  struct Files {
    std::string before, after;
  };
  const auto files = std::make_shared<Files>();
  CLI::App* command = bench.add_subcommand(
      "compare", "Hold two files of `triad bench run --json` against each other; fails where something is SLOWER");
  command->add_option("before", files->before)->required()->type_name("FILE");
  command->add_option("after", files->after)->required()->type_name("FILE");
  command->callback([files, &context] { compare(files->before, files->after, context); });
}

void add_roofline(CLI::App& bench, CommandContext& context) {
  struct Arguments {
    std::string file, out = "roofline.svg", impl = "ours";
  };
  const auto a = std::make_shared<Arguments>();
  CLI::App* command =
      bench.add_subcommand("roofline", "Draw a file of `triad bench run --json` under the machine's roofs");
  command->add_option("file", a->file)->required()->type_name("FILE");
  command->add_option("--out", a->out, "the picture, SVG")->capture_default_str()->type_name("FILE");
  command->add_option("--impl", a->impl, "whose rows")
      ->check(CLI::IsMember(bench::provider_names()))
      ->capture_default_str();
  command->callback([a, &context] {
    const std::string picture = bench::roofline(bench::read_timings(a->file), a->impl);
    data::StagedWriter file(a->out);
    file.write(picture);
    file.publish();
    context.out << a->out << "\n";
  });
}

void add_repro(CLI::App& bench, CommandContext& context) {
  struct Arguments {
    std::string file, row;
  };
  const auto a = std::make_shared<Arguments>();
  CLI::App* command =
      bench.add_subcommand("repro", "Print the command that times a row of a file of `triad bench run --json` again");
  command->add_option("file", a->file)->required()->type_name("FILE");
  command->add_option("row", a->row, "a part of the name of its case; without it every row")->type_name("TEXT");
  command->callback([a, &context] {
    bool found = false;
    for (const nlohmann::json& row : bench::read_timings(a->file).rows) {
      if (row.at("case").get<std::string>().find(a->row) == std::string::npos) continue;
      context.out << bench::command_of(row) << "\n";
      found = true;
    }
    require<ValueError>(found, a->file, "has no row with '", a->row, "'");
  });
}

}  // namespace

void add_bench_kernel_commands(CLI::App& bench, CommandContext& context) {
  add_list(bench, context);
  add_run(bench, context);
  add_compare(bench, context);
  add_roofline(bench, context);
  add_repro(bench, context);
}

}  // namespace triad::train
