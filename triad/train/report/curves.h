// The curves of a run.
#pragma once

#include <filesystem>
#include <string>

namespace triad::train {

/// A section with a chart of the losses of every stage, and charts of learning rate, gradient norm, temperature and speed
/// over all stages end to end. From metrics.jsonl; lines that are damaged are passed over, and so is a file that is not
/// there.
std::string curves_section(const std::filesystem::path& metrics);

}  // namespace triad::train
