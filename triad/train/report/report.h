// report.html: one page that needs nothing else, with the curves of a run and what it reached.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

namespace triad::train {

/// A curve of a chart: (x, y) points in order of x. Points that are not finite are left out.
struct Curve {
  std::string name;
  std::vector<std::pair<double, double>> points;
};

/// A line chart as SVG, with axes, round tick labels and a legend.
std::string line_chart(const std::string& title, const std::vector<Curve>& curves);

/// Text with the characters that HTML gives a meaning replaced.
std::string escape_html(const std::string& text);

/// Writes report.html from metrics.jsonl and summary.json of the run. `sections`: HTML to put before the raw summary, such
/// as retrieved pictures. IoError if a file cannot be read or written.
void write_report(const std::filesystem::path& run, const std::vector<std::string>& sections = {});

}  // namespace triad::train
