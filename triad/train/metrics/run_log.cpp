#include "triad/train/metrics/run_log.h"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <iostream>

#include <nlohmann/json.hpp>
#include <unistd.h>

#include "triad/core/base/error.h"
#include "triad/data/formats/durable_file.h"
#include "triad/train/config/recipe.h"
#include "triad/train/metrics/metrics_file.h"

namespace triad::train {
namespace {

double now() { return std::chrono::duration<double>(std::chrono::system_clock::now().time_since_epoch()).count(); }

size_t stage_position(std::string_view stage) {
  return static_cast<size_t>(std::find(kStageNames.begin(), kStageNames.end(), stage) - kStageNames.begin());
}

/// Between two lines of progress in a log.
constexpr double kSecondsBetweenLines = 10;

}  // namespace

RunLog::RunLog(const std::filesystem::path& dir)
    : jsonl_path_(dir / "metrics.jsonl"), jsonl_(jsonl_path_, std::ios::app), tensorboard_(dir, now()) {
  require<IoError>(jsonl_.good(), jsonl_path_.string(), "cannot be written");
}

void RunLog::step(const StepMetrics& m) {
  nlohmann::ordered_json line = {{"stage", m.stage},
                                 {"step", m.step},
                                 {"loss", m.loss},
                                 {"lr", m.lr},
                                 {"samples_per_second", m.samples_per_second},
                                 {"seconds", m.seconds},
                                 {"world", m.world}};
  for (const auto& [name, value] : m.parts) line[name] = value;
  jsonl_ << line.dump() << '\n' << std::flush;
  require<IoError>(jsonl_.good(), jsonl_path_.string(), "cannot be written", Hint{"is the disk full?"});

  const double time = now();
  tensorboard_.scalar(m.stage + "/loss", m.step, m.loss, time);
  tensorboard_.scalar(m.stage + "/lr", m.step, m.lr, time);
  tensorboard_.scalar(m.stage + "/samples_per_second", m.step, m.samples_per_second, time);
  for (const auto& [name, value] : m.parts) tensorboard_.scalar(m.stage + "/" + name, m.step, value, time);
  tensorboard_.flush();

  const std::string text = progress_line(m);
  if (terminal_.show(text)) return;
  if (m.step == m.stage_steps || !last_line_ || time - *last_line_ >= kSecondsBetweenLines) {
    std::cerr << text << '\n';
    last_line_ = time;
  }
}

void RunLog::note(std::string_view text) {
  terminal_.end();
  std::cerr << text << '\n';
}

void rewind_metrics(const std::filesystem::path& dir, std::string_view stage, int64_t step) {
  const std::filesystem::path path = dir / "metrics.jsonl";
  if (!std::filesystem::exists(path)) return;
  const size_t limit = stage_position(stage);
  std::string kept;
  for (const MetricsLine& line : read_metrics(path)) {
    const size_t at = stage_position(line.stage);
    if (at < limit || (at == limit && line.step <= step)) kept += line.text + '\n';
  }
  data::write_durably(path, kept);
}

std::string progress_line(const StepMetrics& m) {
  const auto left = static_cast<int64_t>(std::ceil(std::max(0.0, m.seconds_left)));
  char text[160];
  std::snprintf(text, sizeof text, "%-6s %*lld/%lld  loss %.4f  lr %.1e  %.0f samples/s  ETA %lld:%02lld",
                m.stage.c_str(), static_cast<int>(std::to_string(m.stage_steps).size()), static_cast<long long>(m.step),
                static_cast<long long>(m.stage_steps), m.loss, m.lr, m.samples_per_second,
                static_cast<long long>(left / 60), static_cast<long long>(left % 60));
  return text;
}

}  // namespace triad::train
