#include "triad/bench/kernels/timing_file.h"

#include <algorithm>
#include <cmath>
#include <fstream>
#include <map>

#include "triad/core/base/error.h"

namespace triad::bench {
namespace {

/// What a row is known by in two files.
std::string identity(const nlohmann::json& row) {
  return str(row.at("case").get<std::string>(), ", ", row.at("impl").get<std::string>(), ", ",
             row.at("mode").get<std::string>(), ", ", row.at("threads").get<int>(), " threads");
}

std::map<std::string, const nlohmann::json*> by_identity(const TimingFile& file) {
  std::map<std::string, const nlohmann::json*> rows;
  for (const nlohmann::json& row : file.rows)
    if (!row.contains("error")) rows[identity(row)] = &row;
  return rows;
}

std::vector<double> samples_of(const nlohmann::json& row) { return row.at("samples_us").get<std::vector<double>>(); }

bool is_quiet(const nlohmann::json& row) { return row.value("quiet", true); }

bool is_time(double microseconds) { return microseconds > 0 && std::isfinite(microseconds); }

/// Throws what nlohmann::json throws, or an IoError, unless `row` has what readers of it use.
void check_row(const nlohmann::json& row) {
  identity(row);
  if (row.contains("error")) return;
  for (const char* number : {"median_us", "flops", "bytes", "floor_us"}) row.at(number).get<double>();
  row.at("bound").get<std::string>();
  row.at("dtype").get<std::string>();
  const std::vector<double> samples = samples_of(row);
  require<IoError>(!samples.empty() && std::ranges::all_of(samples, is_time) && is_time(row.at("median_us")),
                   identity(row), "times are no positive numbers");
}

}  // namespace

TimingFile read_timings(const std::filesystem::path& path) {
  std::ifstream in(path);
  require<IoError>(in.good(), path.string(), "cannot be read");
  TimingFile file;
  bool has_machine = false;
  int number = 0;
  for (std::string text; std::getline(in, text);) {
    ++number;
    if (in.eof()) break;
    try {
      nlohmann::json line = nlohmann::json::parse(text);
      if (line.contains("machine")) {
        file.machine = machine_from_json(line.at("machine"));
        has_machine = true;
        continue;
      }
      check_row(line);
      file.rows.push_back(std::move(line));
    } catch (const std::exception& e) {
      fail<IoError>(path.string(), "line ", number, " is not of `triad bench run --json`: ", e.what());
    }
  }
  require<IoError>(has_machine, path.string(), "is not of `triad bench run --json`: it describes no machine");
  return file;
}

Changes compare_timings(const TimingFile& before, const TimingFile& after) {
  Changes changes;
  const auto old_rows = by_identity(before), new_rows = by_identity(after);
  for (const auto& [name, row] : new_rows) {
    const auto old = old_rows.find(name);
    if (old == old_rows.end()) {
      changes.only_after.push_back(name);
      continue;
    }
    const Ratio ratio = independent_ratio(samples_of(*row), samples_of(*old->second));
    changes.changes.push_back(
        {.row = name,
         .before_microseconds = old->second->at("median_us"),
         .after_microseconds = row->at("median_us"),
         .ratio = ratio,
         .verdict = is_quiet(*row) && is_quiet(*old->second) ? verdict_of(ratio) : Verdict::unclear});
  }
  for (const nlohmann::json& row : after.rows)
    if (row.contains("error") && old_rows.contains(identity(row))) changes.now_wrong.push_back(identity(row));
  if (before.machine.processor != after.machine.processor || before.machine.threads != after.machine.threads)
    changes.machines =
        str("the files are of different machines: ", before.machine.processor, ", ", before.machine.threads,
            " threads, and ", after.machine.processor, ", ", after.machine.threads, " threads");
  for (const auto& [name, row] : old_rows)
    if (!new_rows.contains(name)) changes.only_before.push_back(name);
  return changes;
}

}  // namespace triad::bench
