// metrics.jsonl read back.
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <string>
#include <vector>

namespace triad::train {

/// A logged step as it stands in the file.
struct MetricsLine {
  std::string stage;
  int64_t step = 0;
  std::map<std::string, double> values;  ///< every other number, by its key: loss, lr, seconds, …
  std::string text;                      ///< the line itself, without its end
};

/// The lines of metrics.jsonl, in order. A line that is no logged step, such as the last of a run that was killed, is passed
/// over; a file that is not there has none.
std::vector<MetricsLine> read_metrics(const std::filesystem::path& file);

}  // namespace triad::train
