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

/// A <figure> with title, legend (of several curves), axes with labels and round ticks. The y axis is logarithmic where the
/// values are positive and span more than a factor of 20. A curve of many points is smoothed over a twenty-fifth of them;
/// the points themselves stay visible behind it.
std::string line_chart(const std::string& title, const std::string& x_label, const std::string& y_label,
                       const std::vector<Curve>& curves);

}  // namespace triad::train
