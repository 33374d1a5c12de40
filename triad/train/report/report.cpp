#include "triad/train/report/report.h"

#include <cstdio>
#include <fstream>
#include <map>

#include <nlohmann/json.hpp>

#include "triad/core/base/error.h"
#include "triad/data/formats/durable_file.h"

namespace triad::train {
namespace {

using Json = nlohmann::ordered_json;

constexpr const char* kStyle =
    "body{font:15px/1.5 system-ui,sans-serif;max-width:1000px;margin:2rem auto;padding:0 1rem;color:#1f2937}"
    "h1{font-size:1.6rem}h2{font-size:1.15rem;margin-top:2rem;border-bottom:1px solid #e5e7eb}"
    ".charts{display:grid;grid-template-columns:repeat(auto-fit,minmax(420px,1fr));gap:1rem}"
    "svg{width:100%;background:#fff}.title{font-size:13px;font-weight:600}.tick{font-size:11px;fill:#6b7280}"
    ".grid{stroke:#e5e7eb}table{border-collapse:collapse}td,th{padding:.2rem .8rem;text-align:right;border-bottom:1px solid #e5e7eb}"
    "td:first-child,th:first-child{text-align:left}.gallery{display:grid;grid-template-columns:minmax(16rem,1fr) repeat(6,72px);gap:6px;"
    "align-items:center}.gallery img{width:72px;image-rendering:pixelated}.right{outline:3px solid #059669}"
    "pre{background:#f9fafb;padding:1rem;overflow:auto;font-size:12px}";

std::string percent(double share) {
  char text[16];
  std::snprintf(text, sizeof text, "%.1f %%", 100 * share);
  return text;
}

/// Charts of one stage: its loss and parts, each over the steps.
std::string charts(const std::filesystem::path& metrics) {
  std::vector<std::string> stages;
  std::map<std::string, std::map<std::string, Curve>> by_stage;
  std::ifstream in(metrics);
  for (std::string line; std::getline(in, line);) {
    const Json entry = Json::parse(line, nullptr, /*allow_exceptions=*/false);
    if (!entry.is_object() || !entry.contains("stage") || !entry.contains("step")) continue;
    const std::string stage = entry["stage"];
    if (!by_stage.contains(stage)) stages.push_back(stage);
    for (const auto& [key, value] : entry.items()) {
      if (!value.is_number() || key == "step" || key == "seconds") continue;
      Curve& curve = by_stage[stage][key];
      curve.name = key;
      curve.points.emplace_back(entry["step"].get<double>(), value.get<double>());
    }
  }
  std::string html = "<div class=\"charts\">";
  for (const std::string& stage : stages) {
    std::vector<Curve> losses;
    for (const auto& [name, curve] : by_stage[stage]) {
      const bool is_loss = name != "lr" && name != "samples_per_second" && name != "temperature" && name != "gradient_norm";
      if (is_loss) losses.push_back(curve);
    }
    html += line_chart("stage " + stage + ": loss over steps", losses);
    html += line_chart("stage " + stage + ": learning rate over steps", {by_stage[stage]["lr"]});
  }
  return html + "</div>";
}

std::string retrieval_table(const Json& summary) {
  if (!summary.contains("retrieval")) return "";
  std::string html = "<h2>Retrieval</h2><table><tr><th>query → candidates</th><th>queries</th><th>R@1</th><th>R@5</th><th>R@10</th></tr>";
  for (const auto& [direction, r] : summary["retrieval"].items())
    html += str("<tr><td>", escape_html(direction), "</td><td>", r["n"].get<int64_t>(), "</td><td>", percent(r["r1"]), "</td><td>",
                percent(r["r5"]), "</td><td>", percent(r["r10"]), "</td></tr>");
  return html + "</table>";
}

/// Objects of shares, as a table: class accuracy, probes, answers, masked tokens.
std::string share_tables(const Json& summary) {
  std::string html;
  for (const auto& [key, title] : {std::pair{"right_class", "Right class"}, {"probe", "Linear probes"},
                                   {"nearest_neighbours", "Nearest neighbours"}, {"vqa", "Answers"}, {"mlm", "Masked tokens"}}) {
    if (!summary.contains(key)) continue;
    html += str("<h2>", title, "</h2><table>");
    for (const auto& [name, value] : summary[key].items()) {
      if (value.is_number()) html += str("<tr><td>", escape_html(name), "</td><td>", percent(value), "</td></tr>");
      if (!value.is_object()) continue;
      for (const auto& [part, share] : value.items())
        html += str("<tr><td>", escape_html(name), ": ", escape_html(part), "</td><td>", percent(share), "</td></tr>");
    }
    html += "</table>";
  }
  return html;
}

}  // namespace

void write_report(const std::filesystem::path& run, const std::vector<std::string>& sections) {
  constexpr int64_t kMostBytes = int64_t{16} << 20;
  const Json summary = Json::parse(data::read_whole_file(run / "summary.json", kMostBytes), nullptr, /*allow_exceptions=*/false);
  require<IoError>(summary.is_object(), (run / "summary.json").string(), "is no JSON object");
  const std::string name = summary.value("recipe", "run");
  std::string html = str("<!doctype html><html lang=\"en\"><meta charset=\"utf-8\"><title>", escape_html(name), "</title><style>", kStyle,
                         "</style><h1>", escape_html(name), "</h1><p>seed ", summary.value("seed", uint64_t{0}));
  if (summary.contains("seconds")) html += str(", trained in ", static_cast<int64_t>(summary["seconds"].value("total", 0.0)), " s");
  html += "</p><h2>Curves</h2>" + charts(run / "metrics.jsonl") + retrieval_table(summary) + share_tables(summary);
  for (const std::string& section : sections) html += section;
  html += "<h2>summary.json</h2><pre>" + escape_html(summary.dump(2)) + "</pre></html>\n";
  data::write_durably(run / "report.html", html);
}

}  // namespace triad::train
