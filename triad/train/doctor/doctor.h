// `triad doctor`: what would go wrong with a run on these ranks, found in seconds.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "triad/train/launch/ranks.h"

namespace triad::train {

enum class Verdict { pass, warn, fail };
std::string_view name_of(Verdict verdict);

/// One thing that was looked at.
struct Finding {
  std::string check;  ///< "bandwidth"
  Verdict verdict = Verdict::pass;
  std::string text;  ///< what was found; names the ranks and hosts that differ
};

struct DoctorOptions {
  std::string recipe_text;       ///< the recipe as each rank has read it; empty: none
  std::filesystem::path data;    ///< data set; empty, or not there: none
  std::filesystem::path folder;  ///< where a run would write
};

/// Looks at everything, on all ranks alike; all get the same findings:
///   ranks       who is where, with how many processors
///   program     versions of triad and of the libraries below it
///   recipe, data   the same everywhere
///   sums        of 16 MiB over all ranks, right to the last bit; how fast
///   folder      what one rank writes, syncs and renames, the others read; free space
///   clocks      how far they are apart: nothing depends on it, but people who read logs do
///   signals     whether SIGUSR1 reaches a rank and is noted
std::vector<Finding> examine(const Ranks& ranks, const DoctorOptions& options);

/// A line a finding; or JSON.
std::string show(const std::vector<Finding>& findings);
std::string to_json(const std::vector<Finding>& findings);

}  // namespace triad::train
