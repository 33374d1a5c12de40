// What repeated timings say: order statistics, because a busy machine only ever makes them longer.
#pragma once

#include <span>
#include <string_view>
#include <vector>

namespace triad::bench {

/// The quantile q in [0, 1], interpolated between neighbours. NaN without values.
double quantile(std::span<const double> values, double q);

struct Spread {
  double median = 0, lower = 0, upper = 0;  ///< the quartiles
};
Spread spread_of(std::span<const double> values);

/// Ours against a peer's, from runs that took turns: the median of ours[i] / peer[i], and where it lies with 95 %
/// confidence by the percentile bootstrap: 2,000 draws with replacement from the ratios, the same ones for the same
/// values.                                                              [B. Efron, Annals of Statistics 7(1), 1979]
struct Ratio {
  double median = 0, low = 0, high = 0;
};
/// ValueError unless both have the same number of runs, at least one.
Ratio paired_ratio(std::span<const double> ours, std::span<const double> peer);

/// Runs of today against runs of another day: the ratio of their medians, and its interval from 2,000 draws of each.
/// ValueError if one has no runs.
Ratio independent_ratio(std::span<const double> after, std::span<const double> before);

/// What a ratio of times means.
enum class Verdict { faster, slower, same, unclear };
/// A ratio within 3 % of 1 is the same: an interval wholly outside is faster or slower, one wholly inside is the same, and
/// one that crosses a border says nothing.
Verdict verdict_of(const Ratio& ratio);
std::string_view name_of(Verdict verdict);

}  // namespace triad::bench
