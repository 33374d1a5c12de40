#include "triad/train/report/report.h"

#include <nlohmann/json.hpp>

#include "triad/core/base/error.h"
#include "triad/data/formats/durable_file.h"
#include "triad/train/report/curves.h"
#include "triad/train/report/html.h"
#include "triad/train/report/numbers.h"

namespace triad::train {
namespace {

using Json = nlohmann::ordered_json;

constexpr const char* kStyle = R"(
:root { color-scheme: light; }
body { font: 15px/1.5 system-ui, sans-serif; color: #111827; background: #fff; }
body { max-width: 1040px; margin: 2rem auto; padding: 0 1rem; }
h1 { font-size: 1.7rem; margin: 0; }
h2 { font-size: 1.25rem; margin: 2.5rem 0 .8rem; padding-bottom: .2rem; border-bottom: 1px solid #d1d5db; }
h3 { font-size: 1rem; margin: 1.4rem 0 .5rem; }
p { margin: .4rem 0; max-width: 75ch; }
figure { margin: 0; }
q { font-weight: 600; }
.facts, .asked p, .type, figcaption, small { color: #4b5563; }
.tiles { display: grid; grid-template-columns: repeat(auto-fit, minmax(11rem, 1fr)); gap: .8rem; margin-top: 1.2rem; }
.tile { border: 1px solid #d1d5db; border-radius: 8px; padding: .7rem .9rem; }
.tile b { display: block; font-size: 1.6rem; line-height: 1.2; }
.tile span, .tile small { display: block; }
.wide { overflow-x: auto; }
table { border-collapse: collapse; font-variant-numeric: tabular-nums; }
th, td { padding: .3rem .9rem; text-align: right; border-bottom: 1px solid #e5e7eb; white-space: nowrap; }
th { font-weight: 600; color: #4b5563; }
th:first-child, td:first-child { text-align: left; padding-left: 0; }
.charts { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 400px), 1fr)); gap: 1.4rem 2rem; }
.chart figcaption { color: #111827; font-weight: 600; }
.chart svg { width: 100%; height: auto; }
.legend { display: flex; flex-wrap: wrap; gap: 0 1rem; font-size: 13px; color: #374151; }
.legend i { display: inline-block; width: 14px; height: 3px; margin-right: 5px; vertical-align: middle; }
.grid { stroke: #e5e7eb; } .axis { stroke: #9ca3af; }
.tick, .label { font-size: 11.5px; fill: #4b5563; }
.curve, .points { fill: none; stroke-linejoin: round; }
.curve { stroke-width: 1.8; } .points { stroke-width: 1; opacity: .3; }
.query { display: grid; grid-template-columns: minmax(15rem, 1fr) auto; gap: 1rem; align-items: center; }
.query { padding: .7rem 0; border-bottom: 1px solid #e5e7eb; }
.asked audio { display: block; width: 100%; max-width: 17rem; height: 36px; margin-top: .4rem; }
.found { display: grid; grid-template-columns: repeat(7, 80px); gap: .6rem; }
.found img { width: 80px; height: auto; display: block; image-rendering: pixelated; }
.found img { border-radius: 3px; box-shadow: 0 0 0 1px #d1d5db; }
.found img.right { box-shadow: 0 0 0 4px #059669; }
.found figcaption { text-align: center; font-size: 12px; margin-top: 5px; }
.cards { display: grid; grid-template-columns: repeat(auto-fill, minmax(290px, 1fr)); gap: 1rem; margin-top: 1rem; }
.card { border: 1px solid #d1d5db; border-left: 5px solid #059669; border-radius: 6px; padding: .8rem; }
.card.is-wrong { border-left-color: #dc2626; }
.card .pair { display: grid; grid-template-columns: 1fr 1fr; gap: .5rem; }
.card img { width: 100%; height: auto; image-rendering: pixelated; box-shadow: 0 0 0 1px #d1d5db; }
.type { font-size: 12px; text-transform: uppercase; letter-spacing: .05em; }
pre { background: #f9fafb; padding: 1rem; overflow: auto; font-size: 12px; }
@media (max-width: 900px) {
  .query { grid-template-columns: 1fr; }
  .found { grid-template-columns: repeat(auto-fill, 80px); }
}
)";

/// "seed 0 · trained in 12 min 3 s · measured on test".
std::string facts(const Json& summary, const Evaluation& evaluation) {
  std::string text = str("seed ", summary.value("seed", uint64_t{0}));
  if (summary.contains("seconds")) {
    const auto seconds = static_cast<int64_t>(summary["seconds"].value("total", 0.0));
    text += str(" · trained in ", seconds / 60, " min ", seconds % 60, " s");
  }
  return evaluation.split.empty() ? text : text + " · measured on held-out samples: " + evaluation.split;
}

}  // namespace

void write_report(const std::filesystem::path& dir, const Evaluation& evaluation,
                  const std::vector<std::string>& sections) {
  constexpr int64_t kMostBytes = int64_t{16} << 20;
  const std::filesystem::path file = dir / "summary.json";
  const Json summary = Json::parse(data::read_whole_file(file, kMostBytes), nullptr, /*allow_exceptions=*/false);
  require<IoError>(summary.is_object(), file.string(), "is no JSON object");
  const std::string name = escape_html(summary.value("recipe", "run"));
  std::string html =
      str("<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><meta name=\"viewport\" "
          "content=\"width=device-width, initial-scale=1\"><title>",
          name, "</title><style>", kStyle, "</style></head><body>\n<h1>", name, "</h1><p class=\"facts\">",
          escape_html(facts(summary, evaluation)), "</p>", headline(evaluation), "\n");
  for (const std::string& section : sections) html += section + "\n";
  html += number_tables(evaluation) + "\n" + curves_section(dir / "metrics.jsonl") +
          "\n<section><h2>summary.json</h2><pre>" + escape_html(summary.dump(2)) + "</pre></section></body></html>\n";
  data::write_durably(dir / "report.html", html);
}

}  // namespace triad::train
