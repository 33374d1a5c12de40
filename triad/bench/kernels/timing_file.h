// Files that `triad bench run --json` writes, and what two of them say together.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "triad/bench/measure/machine.h"
#include "triad/bench/measure/statistics.h"

namespace triad::bench {

struct TimingFile {
  Machine machine;
  std::vector<nlohmann::json> rows;  ///< as of to_json(KernelTiming)
};

/// IoError, naming file and line, for what is no such file. A last line without an end, which an interruption leaves, is
/// passed over.
TimingFile read_timings(const std::filesystem::path& path);

/// One row before and after a change.
struct Change {
  std::string row;  ///< "CASE, IMPL, MODE, N threads"
  double before_microseconds = 0, after_microseconds = 0;
  Ratio ratio;  ///< after / before
  Verdict verdict = Verdict::unclear;
};

struct Changes {
  std::vector<Change> changes;  ///< of rows that both files have
  std::vector<std::string> only_before, only_after;
  std::vector<std::string> now_wrong{};  ///< right in the one before, an error in the one after
  std::string machines{};                ///< a warning where they differ
};

/// Rows are the same if case, provider, mode and number of threads are.
Changes compare_timings(const TimingFile& before, const TimingFile& after);

}  // namespace triad::bench
