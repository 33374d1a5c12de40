#include "triad/train/report/curves.h"

#include <algorithm>
#include <array>
#include <map>

#include "triad/core/base/error.h"
#include "triad/train/metrics/metrics_file.h"
#include "triad/train/report/chart.h"

namespace triad::train {
namespace {

/// Measured in every stage, and shown over all of them: name in metrics.jsonl, title, label of the axis.
struct Shared {
  std::string key;
  const char *title, *label;
  bool noisy, logarithmic;
};
const std::array<Shared, 4> kShared = {
    {{"lr", "Learning rate", "learning rate", false, false},
     {"gradient_norm", "Length of the gradient, before clipping", "norm", true, true},
     {"temperature", "Temperature of the contrastive loss", "temperature", false, false},
     {"samples_per_second", "Speed", "samples per second", true, false}}};

struct StageCurves {
  std::string name;
  double steps = 0;                     ///< the last that was logged
  std::map<std::string, Curve> curves;  ///< by their names in metrics.jsonl
};

/// Stages in the order they were run.
std::vector<StageCurves> read_curves(const std::filesystem::path& metrics) {
  std::vector<StageCurves> stages;
  for (const MetricsLine& line : read_metrics(metrics)) {
    auto stage = std::ranges::find(stages, line.stage, &StageCurves::name);
    if (stage == stages.end()) stage = stages.insert(stages.end(), {.name = line.stage});
    stage->steps = static_cast<double>(line.step);
    for (const auto& [key, value] : line.values) {
      if (key == "seconds") continue;
      Curve& curve = stage->curves[key];
      curve.name = key;
      curve.points.emplace_back(stage->steps, value);
    }
  }
  return stages;
}

std::string loss_chart(const StageCurves& stage) {
  std::vector<Curve> losses;
  for (const auto& [key, curve] : stage.curves) {
    if (key != "loss" && std::ranges::find(kShared, key, &Shared::key) == kShared.end()) losses.push_back(curve);
  }
  const auto total = stage.curves.find("loss");
  if (losses.size() != 1 && total != stage.curves.end())
    losses.insert(losses.begin(), total->second);  // one part is the whole
  for (Curve& curve : losses) std::ranges::replace(curve.name, '_', ' ');
  const std::string what = losses.size() == 1 && losses[0].name != "loss" ? ": " + losses[0].name : "";
  return line_chart({.title = "Stage " + stage.name + what, .x_label = "step", .y_label = "loss"}, losses);
}

/// One curve a stage, each beginning where the one before ended; nothing if no stage has measured it.
std::string shared_chart(const std::vector<StageCurves>& stages, const Shared& shared) {
  std::vector<Curve> curves;
  double before = 0;
  for (const StageCurves& stage : stages) {
    if (const auto found = stage.curves.find(shared.key); found != stage.curves.end()) {
      Curve& curve = curves.emplace_back(Curve{stage.name, found->second.points});
      for (auto& [x, y] : curve.points) x += before;
    }
    before += stage.steps;
  }
  if (curves.empty()) return "";
  return line_chart({.title = shared.title,
                     .x_label = "step, all stages end to end",
                     .y_label = shared.label,
                     .noisy = shared.noisy,
                     .logarithmic = shared.logarithmic},
                    curves);
}

}  // namespace

std::string curves_section(const std::filesystem::path& metrics) {
  const std::vector<StageCurves> stages = read_curves(metrics);
  if (stages.empty()) return "";
  std::string html = "<section><h2>Curves</h2><div class=\"charts\">";
  for (const StageCurves& stage : stages) html += loss_chart(stage);
  for (const Shared& shared : kShared) html += shared_chart(stages, shared);
  return html + "</div></section>";
}

}  // namespace triad::train
