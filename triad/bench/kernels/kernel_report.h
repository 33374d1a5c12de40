// Timings of kernels as lines of JSON and as a table.
#pragma once

#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "triad/bench/kernels/kernel_timing.h"
#include "triad/bench/measure/statistics.h"

namespace triad::bench {

/// One object a provider: {"case", "kernel", "dtype", "impl", "mode", "threads", "median_us", "quartiles_us", "samples_us",
/// "flops", "bytes", "floor_us", "bound", "quiet"}, and for others than triad "ratio", "low", "high", "verdict" of ours
/// against it; or {"case", …, "error"}.
std::vector<nlohmann::json> to_json(const KernelTiming& timing);

/// The head of a table for people, and the lines of a case: one a provider that was right.
std::string kernel_table_head();
std::string kernel_table_lines(const KernelTiming& timing);

/// The command line that times one row again.
std::string command_of(const nlohmann::json& row);

}  // namespace triad::bench
