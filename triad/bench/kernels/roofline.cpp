// The roofline model: what a kernel can reach is the lower of two roofs, the peak of the arithmetic, and the speed of memory
// times the operations it does on each byte.                                    [Williams, Waterman, Patterson, CACM 2009]
#include "triad/bench/kernels/roofline.h"

#include <algorithm>
#include <cmath>
#include <sstream>

#include "triad/core/base/error.h"

namespace triad::bench {
namespace {

constexpr double kWidth = 900, kHeight = 560, kLeft = 70, kRight = 20, kTop = 40, kBottom = 50;

struct Point {
  double intensity, rate;  ///< FLOP a byte, FLOP a second
  std::string name, dtype;
};

std::vector<Point> points_of(const TimingFile& timings, const std::string& impl) {
  std::vector<Point> points;
  for (const nlohmann::json& row : timings.rows) {
    if (row.contains("error") || row.at("impl") != impl) continue;
    const double flops = row.at("flops"), bytes = row.at("bytes"), microseconds = row.at("median_us");
    if (flops <= 0 || bytes <= 0) continue;
    points.push_back({flops / bytes, flops / microseconds * 1e6, row.at("case"), row.at("dtype")});
  }
  return points;
}

/// A logarithmic axis over whole decades.
struct Axis {
  double low = 0, high = 1, from = 0, to = 1;

  Axis(double least, double most, double from_in, double to_in)
      : low(std::floor(std::log10(least))), high(std::ceil(std::log10(most))), from(from_in), to(to_in) {
    if (high <= low) high = low + 1;
  }
  double at(double value) const { return from + (std::log10(value) - low) / (high - low) * (to - from); }
};

std::string escaped(const std::string& text) {
  std::string out;
  for (const char c : text) out += c == '<' ? "&lt;" : c == '&' ? "&amp;" : std::string(1, c);
  return out;
}

/// 1e9 is "1 G".
std::string with_prefix(double value) {
  constexpr std::pair<double, const char*> kPrefixes[] = {{1e12, " T"}, {1e9, " G"}, {1e6, " M"}, {1e3, " k"}};
  for (const auto& [unit, prefix] : kPrefixes)
    if (value >= unit) return str(value / unit, prefix);
  return str(value);
}

}  // namespace

std::string roofline(const TimingFile& timings, const std::string& impl) {
  const std::vector<Point> points = points_of(timings, impl);
  require<ValueError>(!points.empty(), "roofline", "no row of ", impl, " has operations and bytes");
  const auto& rows = timings.rows;
  const bool alone =
      std::all_of(rows.begin(), rows.end(), [](const nlohmann::json& r) { return r.at("threads") == 1; });
  const MachineRates& rates = alone ? timings.machine.one : timings.machine.all;

  double least = 0.1, most = 100, slowest = rates.f32_flops;
  for (const Point& p : points) {
    least = std::min(least, p.intensity);
    most = std::max(most, p.intensity);
    slowest = std::min(slowest, p.rate);
  }
  const Axis x(least, most, kLeft, kWidth - kRight);
  const Axis y(slowest, std::max(rates.bf16_flops, rates.f32_flops), kHeight - kBottom, kTop);

  std::ostringstream svg;
  svg << "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 " << kWidth << " " << kHeight
      << "\" font-family=\"sans-serif\" font-size=\"12\">\n<rect width=\"100%\" height=\"100%\" fill=\"#fff\"/>\n"
      << "<text x=\"" << kLeft << "\" y=\"22\" font-size=\"15\">" << escaped(impl) << " on "
      << escaped(timings.machine.processor) << ", " << (alone ? 1 : timings.machine.threads) << " thread(s)</text>\n";
  for (int decade = static_cast<int>(x.low); decade <= x.high; ++decade) {
    const double value = std::pow(10.0, decade), at = x.at(value);
    svg << "<line x1=\"" << at << "\" x2=\"" << at << "\" y1=\"" << kTop << "\" y2=\"" << kHeight - kBottom
        << "\" stroke=\"#e5e5e5\"/><text x=\"" << at << "\" y=\"" << kHeight - kBottom + 18
        << "\" text-anchor=\"middle\">" << value << "</text>\n";
  }
  for (int decade = static_cast<int>(y.low); decade <= y.high; ++decade) {
    const double value = std::pow(10.0, decade), at = y.at(value);
    svg << "<line x1=\"" << kLeft << "\" x2=\"" << kWidth - kRight << "\" y1=\"" << at << "\" y2=\"" << at
        << "\" stroke=\"#e5e5e5\"/><text x=\"" << kLeft - 8 << "\" y=\"" << at + 4 << "\" text-anchor=\"end\">"
        << with_prefix(value) << "</text>\n";
  }
  svg << "<text x=\"" << (kLeft + kWidth - kRight) / 2 << "\" y=\"" << kHeight - 12
      << "\" text-anchor=\"middle\">FLOP a byte that has to be moved</text>\n<text transform=\"translate(14 "
      << kHeight / 2 << ") rotate(-90)\" text-anchor=\"middle\">FLOP a second</text>\n";

  const auto roof = [&](double peak, const char* dtype, const char* colour) {
    const double left = std::pow(10, x.low), ridge = peak / rates.copy_bytes, right = std::pow(10, x.high);
    const double start = std::max(left, std::pow(10, y.low) / rates.copy_bytes);
    svg << "<polyline fill=\"none\" stroke=\"" << colour << "\" stroke-width=\"2\" points=\"" << x.at(start) << ","
        << y.at(start * rates.copy_bytes) << " " << x.at(ridge) << "," << y.at(peak) << " " << x.at(right) << ","
        << y.at(peak) << "\"/><text x=\"" << kWidth - kRight - 4 << "\" y=\"" << y.at(peak) - 6
        << "\" text-anchor=\"end\" fill=\"" << colour << "\">" << dtype << " " << std::round(peak / 1e9)
        << " GFLOP/s, memory " << std::round(rates.copy_bytes / 1e9) << " GB/s</text>\n";
  };
  constexpr const char *kF32 = "#1f6fb4", *kBf16 = "#d1641b";
  roof(rates.f32_flops, "f32", kF32);
  if (rates.bf16_flops > rates.f32_flops) roof(rates.bf16_flops, "bf16", kBf16);
  for (const Point& p : points) {
    svg << "<circle cx=\"" << x.at(p.intensity) << "\" cy=\"" << y.at(p.rate) << "\" r=\"4\" fill=\""
        << (p.dtype == "bf16" ? kBf16 : kF32) << "\" fill-opacity=\"0.7\"><title>" << escaped(p.name) << ": "
        << std::round(p.rate / 1e8) / 10 << " GFLOP/s</title></circle>\n";
  }
  svg << "</svg>\n";
  return svg.str();
}

}  // namespace triad::bench
