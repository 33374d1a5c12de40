#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>
#include <limits>

#include "triad/core/base/error.h"
#include "triad/train/report/report.h"

namespace triad::train {
namespace {

constexpr double kWidth = 460, kHeight = 240, kLeft = 52, kRight = 12, kTop = 28, kBottom = 30;
constexpr std::array<const char*, 6> kColours = {"#2563eb", "#dc2626", "#059669", "#9333ea", "#d97706", "#0891b2"};

/// A step of 1, 2 or 5 times a power of ten that cuts `span` into about five parts.
double tick_step(double span) {
  const double rough = span / 5, power = std::pow(10, std::floor(std::log10(rough)));
  for (const double factor : {1.0, 2.0, 5.0}) {
    if (rough <= factor * power) return factor * power;
  }
  return 10 * power;
}

std::string number(double value) {
  char text[32];
  std::snprintf(text, sizeof text, "%.4g", value);
  return text;
}

struct Range {
  double low = std::numeric_limits<double>::infinity(), high = -std::numeric_limits<double>::infinity();

  void cover(double value) { low = std::min(low, value), high = std::max(high, value); }
  void widen() {
    if (high <= low) low -= 0.5, high += 0.5;
  }
  double share(double value) const { return (value - low) / (high - low); }
};

}  // namespace

std::string escape_html(const std::string& text) {
  std::string out;
  for (const char c : text) {
    if (c == '&') out += "&amp;";
    else if (c == '<') out += "&lt;";
    else if (c == '>') out += "&gt;";
    else if (c == '"') out += "&quot;";
    else out += c;
  }
  return out;
}

std::string line_chart(const std::string& title, const std::vector<Curve>& curves) {
  Range x, y;
  for (const Curve& curve : curves) {
    for (const auto& [px, py] : curve.points) {
      if (std::isfinite(px) && std::isfinite(py)) x.cover(px), y.cover(py);
    }
  }
  if (!(x.low <= x.high)) return "<p>" + escape_html(title) + ": no points</p>";
  x.widen();
  y.widen();
  const auto at_x = [&](double v) { return kLeft + x.share(v) * (kWidth - kLeft - kRight); };
  const auto at_y = [&](double v) { return kHeight - kBottom - y.share(v) * (kHeight - kTop - kBottom); };
  std::string svg = str("<svg viewBox=\"0 0 ", kWidth, " ", kHeight, "\" role=\"img\"><title>", escape_html(title), "</title>",
                        "<text class=\"title\" x=\"", kLeft, "\" y=\"16\">", escape_html(title), "</text>");
  for (double v = std::ceil(y.low / tick_step(y.high - y.low)) * tick_step(y.high - y.low); v <= y.high; v += tick_step(y.high - y.low))
    svg += str("<line class=\"grid\" x1=\"", kLeft, "\" x2=\"", kWidth - kRight, "\" y1=\"", at_y(v), "\" y2=\"", at_y(v),
               "\"/><text class=\"tick\" text-anchor=\"end\" x=\"", kLeft - 6, "\" y=\"", at_y(v) + 4, "\">", number(v), "</text>");
  for (double v = std::ceil(x.low / tick_step(x.high - x.low)) * tick_step(x.high - x.low); v <= x.high; v += tick_step(x.high - x.low))
    svg += str("<text class=\"tick\" text-anchor=\"middle\" x=\"", at_x(v), "\" y=\"", kHeight - kBottom + 16, "\">", number(v), "</text>");
  for (size_t i = 0; i < curves.size(); ++i) {
    const char* colour = kColours[i % kColours.size()];
    svg += str("<polyline fill=\"none\" stroke-width=\"1.5\" stroke=\"", colour, "\" points=\"");
    for (const auto& [px, py] : curves[i].points) {
      if (std::isfinite(px) && std::isfinite(py)) svg += str(at_x(px), ",", at_y(py), " ");
    }
    svg += str("\"/><text class=\"tick\" text-anchor=\"end\" fill=\"", colour, "\" x=\"", kWidth - kRight, "\" y=\"",
               kTop + 12 + 14 * static_cast<double>(i), "\">", escape_html(curves[i].name), "</text>");
  }
  return svg + "</svg>";
}

}  // namespace triad::train
