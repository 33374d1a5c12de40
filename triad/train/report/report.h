// report.html: one page that needs nothing else, with what a run reached and how it got there.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "triad/train/evaluate/evaluate.h"

namespace triad::train {

/// Writes report.html of the run in `dir`: the numbers of the evaluation next to their baselines, then `sections` (HTML, such
/// as retrieved pictures), then the curves of metrics.jsonl and the whole of summary.json. IoError if a file cannot be read
/// or written.
void write_report(const std::filesystem::path& dir, const Evaluation& evaluation,
                  const std::vector<std::string>& sections = {});

}  // namespace triad::train
