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

Ratio paired_ratio(std::span<const double> ours, std::span<const double> peer) {
  require<ValueError>(ours.size() == peer.size() && !ours.empty(), "paired_ratio", ours.size(), " runs against ",
                      peer.size(), ", expected as many, and at least one");
  std::vector<double> ratios;
  for (size_t i = 0; i < ours.size(); ++i) ratios.push_back(ours[i] / peer[i]);

  constexpr int kDraws = 2000;
  RandomStream stream({.seed = 0});
  std::vector<double> medians, draw(ratios.size());
  for (int i = 0; i < kDraws; ++i) {
    for (double& ratio : draw) ratio = ratios[stream.below(ratios.size())];
    medians.push_back(quantile(draw, 0.5));
  }
  return {.median = quantile(ratios, 0.5), .low = quantile(medians, 0.025), .high = quantile(medians, 0.975)};
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
