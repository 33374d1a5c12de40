// Line charts as SVG.
#pragma once

#include <string>
#include <utility>
#include <vector>

namespace triad::train {

/// (x, y) points in order of x. Points that are not finite are left out.
struct Curve {
  std::string name;
  std::vector<std::pair<double, double>> points;
};

struct ChartOptions {
  std::string title, x_label, y_label;
  bool noisy = true;        ///< the values scatter about what they stand for
  bool logarithmic = true;  ///< y, where the values are positive and span more than a factor of 20
};

/// A <figure> with title, legend (of several curves), axes with labels and round ticks. Noisy curves of many
/// points are smoothed, by the mean of a window about each; the points themselves stay visible behind.
std::string line_chart(const ChartOptions& options, const std::vector<Curve>& curves);

}  // namespace triad::train
