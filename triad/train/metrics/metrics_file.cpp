#include "triad/train/metrics/metrics_file.h"

#include <fstream>

#include <nlohmann/json.hpp>

namespace triad::train {

std::vector<MetricsLine> read_metrics(const std::filesystem::path& file) {
  using Json = nlohmann::json;
  std::vector<MetricsLine> lines;
  std::ifstream in(file);
  for (std::string text; std::getline(in, text);) {
    const Json entry = Json::parse(text, nullptr, /*allow_exceptions=*/false);
    if (!entry.is_object()) continue;
    const auto stage = entry.find("stage"), step = entry.find("step");
    if (stage == entry.end() || !stage->is_string() || step == entry.end() || !step->is_number_integer()) continue;
    MetricsLine line{.stage = *stage, .step = *step, .text = text};
    for (const auto& [key, value] : entry.items()) {
      if (value.is_number() && key != "step") line.values[key] = value;
    }
    lines.push_back(std::move(line));
  }
  return lines;
}

}  // namespace triad::train
