#include "triad/optim/schedule.h"

#include <algorithm>
#include <cmath>
#include <numbers>

#include "triad/core/base/error.h"

namespace triad::optim {

double learning_rate(const Schedule& s, int64_t step) {
  require<ValueError>(s.warmup_steps >= 0 && s.cooldown_steps >= 0 && s.warmup_steps + s.cooldown_steps <= s.total_steps,
                      "learning_rate", s.warmup_steps, " warm-up and ", s.cooldown_steps, " cooldown steps do not fit into ",
                      s.total_steps, " steps");
  if (step < s.warmup_steps) return s.peak * static_cast<double>(step + 1) / static_cast<double>(s.warmup_steps);
  const auto between = [&](double share) { return s.peak * (s.floor + (1 - s.floor) * share); };
  if (s.shape == ScheduleShape::constant) {
    const int64_t left = std::max<int64_t>(0, s.total_steps - step);
    return left >= s.cooldown_steps ? s.peak : between(static_cast<double>(left) / static_cast<double>(s.cooldown_steps));
  }
  const double length = static_cast<double>(std::max<int64_t>(1, s.total_steps - s.warmup_steps));
  const double progress = std::min(1.0, static_cast<double>(step - s.warmup_steps) / length);
  return between(0.5 * (1 + std::cos(std::numbers::pi * progress)));
}

}  // namespace triad::optim
