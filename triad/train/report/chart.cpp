#include "triad/train/report/chart.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <limits>

#include "triad/core/base/error.h"
#include "triad/train/report/html.h"

namespace triad::train {
namespace {

constexpr double kWidth = 460, kHeight = 250, kLeft = 76, kRight = 14, kTop = 10, kBottom = 42;
constexpr std::array<const char*, 6> kColours = {"#2563eb", "#dc2626", "#059669", "#9333ea", "#d97706", "#0891b2"};
constexpr double kLogarithmicFrom = 20;  ///< ratio of the largest to the smallest value
constexpr size_t kFewPoints = 12;        ///< are drawn as dots too, and not smoothed

using Points = std::vector<std::pair<double, double>>;

std::string number(double value) {
  char text[32];
  std::snprintf(text, sizeof text, "%.4g", value);
  return text;
}

/// A place on an axis and what is written there.
struct Tick {
  double value;
  std::string text;
};

/// Multiples of 1, 2 or 5 times a power of ten in [low, high], about five of them.
std::vector<Tick> round_ticks(double low, double high) {
  const double rough = (high - low) / 5, power = std::pow(10, std::floor(std::log10(rough)));
  double step = 10 * power;
  for (const double factor : {5.0, 2.0, 1.0}) {
    if (rough <= factor * power) step = factor * power;
  }
  std::vector<Tick> ticks;
  const auto first = static_cast<int64_t>(std::ceil(low / step)), last = static_cast<int64_t>(std::floor(high / step));
  for (int64_t i = first; i <= last; ++i)
    ticks.push_back({static_cast<double>(i) * step, number(static_cast<double>(i) * step)});
  return ticks;
}

/// 1, 2 and 5 times powers of ten for values between exp10(low) and exp10(high); powers alone where these are enough.
std::vector<Tick> logarithmic_ticks(double low, double high) {
  std::vector<Tick> ticks;
  for (auto exponent = static_cast<int>(std::floor(low)); exponent <= high; ++exponent) {
    for (const double factor : {1.0, 2.0, 5.0}) {
      const double at = exponent + std::log10(factor);
      if ((factor == 1 || high - low < 2.5) && at >= low && at <= high)
        ticks.push_back({at, number(factor * std::pow(10, exponent))});
    }
  }
  return ticks;
}

/// Smallest and largest coordinate; never empty.
struct Range {
  double low = std::numeric_limits<double>::infinity(), high = -std::numeric_limits<double>::infinity();

  void cover(double value) { low = std::min(low, value), high = std::max(high, value); }
  void widen() {
    if (high > low) return;
    const double margin = std::max(0.5, std::abs(low) / 10);
    low -= margin, high += margin;
  }
  double share(double value) const { return (value - low) / (high - low); }
};

/// Means over five points, or a twelfth of all if that is more, about each; fewer at the ends.
Points smoothed(const Points& points) {
  const auto n = std::ssize(points), reach = std::max<int64_t>(2, n / 24);
  Points result = points;
  for (int64_t i = 0; i < n; ++i) {
    const int64_t side = std::min({reach, i, n - 1 - i});  // as many on both sides, so that a slope stays where it is
    double sum = 0;
    for (int64_t j = i - side; j <= i + side; ++j) sum += points[static_cast<size_t>(j)].second;
    result[static_cast<size_t>(i)].second = sum / static_cast<double>(2 * side + 1);
  }
  return result;
}

class Plot {
 public:
  Plot(const std::vector<Points>& curves, bool may_be_logarithmic) {
    Range values;
    for (const Points& points : curves) {
      for (const auto& [x, y] : points) x_.cover(x), values.cover(y);
    }
    logarithmic_ = may_be_logarithmic && values.low > 0 && values.high > kLogarithmicFrom * values.low;
    y_ = logarithmic_ ? Range{std::log10(values.low), std::log10(values.high)} : values;
    x_.widen();
    y_.widen();
  }

  std::string axes(const std::string& x_label, const std::string& y_label) const {
    std::string svg;
    for (const Tick& tick : logarithmic_ ? logarithmic_ticks(y_.low, y_.high) : round_ticks(y_.low, y_.high)) {
      const double y = kHeight - kBottom - y_.share(tick.value) * (kHeight - kTop - kBottom);
      svg += str("<line class=\"grid\" x1=\"", kLeft, "\" x2=\"", kWidth - kRight, "\" y1=\"", y, "\" y2=\"", y,
                 "\"/><text class=\"tick\" text-anchor=\"end\" x=\"", kLeft - 7, "\" y=\"", y + 4, "\">", tick.text,
                 "</text>");
    }
    for (const Tick& tick : round_ticks(x_.low, x_.high))
      svg += str("<text class=\"tick\" text-anchor=\"middle\" x=\"", at_x(tick.value), "\" y=\"",
                 kHeight - kBottom + 16, "\">", tick.text, "</text>");
    const double middle = kTop + (kHeight - kTop - kBottom) / 2;
    return svg + str("<line class=\"axis\" x1=\"", kLeft, "\" x2=\"", kWidth - kRight, "\" y1=\"", kHeight - kBottom,
                     "\" y2=\"", kHeight - kBottom, "\"/><text class=\"label\" text-anchor=\"middle\" x=\"",
                     kLeft + (kWidth - kLeft - kRight) / 2, "\" y=\"", kHeight - 8, "\">", escape_html(x_label),
                     "</text><text class=\"label\" text-anchor=\"middle\" transform=\"translate(14 ", middle,
                     ") rotate(-90)\">", escape_html(y_label), logarithmic_ ? " (log scale)" : "", "</text>");
  }

  std::string line(const Points& points, const char* colour, const char* css_class) const {
    std::string svg = str("<polyline class=\"", css_class, "\" stroke=\"", colour, "\" points=\"");
    for (const auto& [x, y] : points) svg += str(at_x(x), ",", at_y(y), " ");
    svg += "\"/>";
    if (points.size() > kFewPoints) return svg;
    for (const auto& [x, y] : points)
      svg += str("<circle r=\"3\" fill=\"", colour, "\" cx=\"", at_x(x), "\" cy=\"", at_y(y), "\"/>");
    return svg;
  }

 private:
  double at_x(double x) const { return kLeft + x_.share(x) * (kWidth - kLeft - kRight); }
  double at_y(double y) const {
    return kHeight - kBottom - y_.share(logarithmic_ ? std::log10(y) : y) * (kHeight - kTop - kBottom);
  }

  Range x_, y_;
  bool logarithmic_ = false;
};

}  // namespace

std::string line_chart(const ChartOptions& options, const std::vector<Curve>& curves) {
  std::vector<Points> finite;
  std::string legend;
  size_t count = 0;
  for (size_t i = 0; i < curves.size(); ++i) {
    Points& points = finite.emplace_back();
    std::ranges::copy_if(curves[i].points, std::back_inserter(points),
                         [](const auto& p) { return std::isfinite(p.first) && std::isfinite(p.second); });
    count += points.size();
    legend += str("<span><i style=\"background:", kColours[i % kColours.size()], "\"></i>", escape_html(curves[i].name),
                  "</span>");
  }
  const std::string title = escape_html(options.title);
  std::string html = "<figure class=\"chart\"><figcaption>" + title + "</figcaption>";
  if (count == 0) return html + "<p>no points</p></figure>";
  if (curves.size() > 1) html += "<div class=\"legend\">" + legend + "</div>";

  const Plot plot(finite, options.logarithmic);
  html += str("<svg viewBox=\"0 0 ", kWidth, " ", kHeight, "\" role=\"img\" aria-label=\"", title, "\">",
              plot.axes(options.x_label, options.y_label));
  for (size_t i = 0; i < finite.size(); ++i) {
    const char* colour = kColours[i % kColours.size()];
    const bool smooth = options.noisy && finite[i].size() > kFewPoints;
    if (smooth) html += plot.line(finite[i], colour, "points");
    html += plot.line(smooth ? smoothed(finite[i]) : finite[i], colour, "curve");
  }
  return html + "</svg></figure>";
}

}  // namespace triad::train
