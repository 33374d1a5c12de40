#include "triad/bench/kernels/kernel_report.h"

#include "triad/bench/measure/formatted.h"
#include "triad/core/base/shell.h"

namespace triad::bench {
namespace {

const KernelRow* ours_of(const KernelTiming& timing) {
  for (const KernelRow& row : timing.rows)
    if (row.impl == "ours" && row.error.empty()) return &row;
  return nullptr;
}

}  // namespace

std::vector<nlohmann::json> to_json(const KernelTiming& t) {
  std::vector<nlohmann::json> lines;
  const KernelRow* ours = ours_of(t);
  for (const KernelRow& row : t.rows) {
    nlohmann::json line = {{"case", t.name},   {"kernel", t.kernel},      {"dtype", name_of(t.dtype)},
                           {"impl", row.impl}, {"mode", name_of(t.mode)}, {"threads", t.threads},
                           {"sets", t.sets}};
    if (!row.error.empty()) {
      line["error"] = row.error;
      lines.push_back(std::move(line));
      continue;
    }
    const Spread spread = spread_of(row.microseconds);
    line.update({{"median_us", spread.median},
                 {"quartiles_us", {spread.lower, spread.upper}},
                 {"samples_us", row.microseconds},
                 {"flops", t.flops},
                 {"bytes", t.bytes},
                 {"floor_us", t.floor.microseconds},
                 {"bound", t.floor.bound},
                 {"quiet", t.quiet}});
    if (ours && ours != &row) {
      const Ratio ratio = paired_ratio(ours->microseconds, row.microseconds);
      line.update(
          {{"ratio", ratio.median}, {"low", ratio.low}, {"high", ratio.high}, {"verdict", name_of(verdict_of(ratio))}});
    }
    lines.push_back(std::move(line));
  }
  return lines;
}

std::string kernel_table_head() {
  return formatted("%-58s %-9s %10s %19s %8s %8s %6s %-10s %s", "case", "impl", "median us", "quartiles", "GB/s",
                   "GFLOP/s", "floor", "bound", "ours / this one");
}

std::string kernel_table_lines(const KernelTiming& t) {
  std::string lines;
  const KernelRow* ours = ours_of(t);
  for (const KernelRow& row : t.rows) {
    if (!row.error.empty()) continue;
    const Spread spread = spread_of(row.microseconds);
    lines +=
        formatted("%-58s %-9s %10.1f %9.1f-%9.1f %8.1f %8.1f %5.0f%% %-10s", t.name.c_str(), row.impl.c_str(),
                  spread.median, spread.lower, spread.upper, t.bytes / spread.median / 1e3,
                  t.flops / spread.median / 1e3, 100 * t.floor.microseconds / spread.median, t.floor.bound.c_str());
    if (ours && ours != &row) {
      const Ratio ratio = paired_ratio(ours->microseconds, row.microseconds);
      lines += formatted(" %.3f [%.3f, %.3f] %s", ratio.median, ratio.low, ratio.high,
                         std::string(name_of(verdict_of(ratio))).c_str());
    }
    lines += t.quiet ? "\n" : " (disturbed)\n";
  }
  return lines;
}

std::string command_of(const nlohmann::json& row) {
  const std::string impl = row.at("impl");
  std::string command = str("OMP_NUM_THREADS=", row.at("threads").get<int>(), " triad bench run --case ",
                            quoted_for_shell(row.at("case")), " --impl ", impl == "ours" ? impl : "ours," + impl,
                            " --mode ", row.at("mode").get<std::string>());
  if (row.contains("python")) command += " --python " + quoted_for_shell(row.at("python"));
  if (row.contains("peer_script")) command += " --peer-script " + quoted_for_shell(row.at("peer_script"));
  return command;
}

}  // namespace triad::bench
