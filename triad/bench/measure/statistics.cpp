#include "triad/bench/measure/statistics.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "triad/core/base/error.h"
#include "triad/core/base/philox.h"

namespace triad::bench {

double quantile(std::span<const double> values, double q) {
  if (values.empty()) return std::numeric_limits<double>::quiet_NaN();
  std::vector<double> sorted(values.begin(), values.end());
  std::sort(sorted.begin(), sorted.end());
  const double place = q * static_cast<double>(sorted.size() - 1);
  const auto below = static_cast<size_t>(place);
  const size_t above = std::min(below + 1, sorted.size() - 1);
  return sorted[below] + (place - static_cast<double>(below)) * (sorted[above] - sorted[below]);
}

Spread spread_of(std::span<const double> values) {
  return {.median = quantile(values, 0.5), .lower = quantile(values, 0.25), .upper = quantile(values, 0.75)};
}

namespace {

/// Of what `median_of_draw` makes of 2,000 draws.
template <class F>
Ratio bootstrap(double median, const F& median_of_draw) {
  constexpr int kDraws = 2000;
  RandomStream stream({.seed = 0});
  std::vector<double> medians;
  for (int i = 0; i < kDraws; ++i) medians.push_back(median_of_draw(stream));
  return {.median = median, .low = quantile(medians, 0.025), .high = quantile(medians, 0.975)};
}

double median_of_draw_from(std::span<const double> values, RandomStream& stream) {
  std::vector<double> draw(values.size());
  for (double& v : draw) v = values[stream.below(values.size())];
  return quantile(draw, 0.5);
}

}  // namespace

Ratio paired_ratio(std::span<const double> ours, std::span<const double> peer) {
  require<ValueError>(ours.size() == peer.size() && !ours.empty(), "paired_ratio", ours.size(), " runs against ",
                      peer.size(), ", expected as many, and at least one");
  std::vector<double> ratios;
  for (size_t i = 0; i < ours.size(); ++i) ratios.push_back(ours[i] / peer[i]);
  return bootstrap(quantile(ratios, 0.5), [&](RandomStream& stream) { return median_of_draw_from(ratios, stream); });
}

Ratio independent_ratio(std::span<const double> after, std::span<const double> before) {
  require<ValueError>(!after.empty() && !before.empty(), "independent_ratio", "no runs to compare");
  return bootstrap(quantile(after, 0.5) / quantile(before, 0.5), [&](RandomStream& stream) {
    return median_of_draw_from(after, stream) / median_of_draw_from(before, stream);
  });
}

Verdict verdict_of(const Ratio& ratio) {
  constexpr double kSame = 0.03;
  if (ratio.high < 1 - kSame) return Verdict::faster;
  if (ratio.low > 1 + kSame) return Verdict::slower;
  return ratio.low >= 1 - kSame && ratio.high <= 1 + kSame ? Verdict::same : Verdict::unclear;
}

std::string_view name_of(Verdict verdict) {
  switch (verdict) {
    case Verdict::faster: return "FASTER";
    case Verdict::slower: return "SLOWER";
    case Verdict::same: return "SAME";
    case Verdict::unclear: return "UNCLEAR";
  }
  return "";
}

}  // namespace triad::bench
