#include "triad/optim/schedule.h"

#include <cmath>
#include <numbers>

#include "triad/core/base/error.h"

namespace triad::optim {

double learning_rate(const Schedule& s, int64_t step) {
  require<ValueError>(
      s.warmup_steps >= 0 && s.cooldown_steps >= 0 && s.warmup_steps + s.cooldown_steps <= s.total_steps,
      "learning_rate", s.warmup_steps, " warm-up and ", s.cooldown_steps, " cooldown steps do not fit into ",
      s.total_steps, " steps");
  require<ValueError>(s.shape == ScheduleShape::constant || s.cooldown_steps == 0, "learning_rate",
                      "a cosine has no cooldown, got ", s.cooldown_steps, " steps of it");
  const auto between = [&](double share) { return s.peak * (s.floor + (1 - s.floor) * share); };
  if (step >= s.total_steps) return between(0);
  if (step < s.warmup_steps) return s.peak * static_cast<double>(step + 1) / static_cast<double>(s.warmup_steps);
  if (s.shape == ScheduleShape::constant) {
    const int64_t left = s.total_steps - step;
    return left >= s.cooldown_steps ? s.peak
                                    : between(static_cast<double>(left) / static_cast<double>(s.cooldown_steps));
  }
  const double progress =
      static_cast<double>(step - s.warmup_steps) / static_cast<double>(s.total_steps - s.warmup_steps);
  return between(0.5 * (1 + std::cos(std::numbers::pi * progress)));
}

}  // namespace triad::optim
