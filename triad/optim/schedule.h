// Learning rates as pure functions of the step.
#pragma once

#include <cstdint>

namespace triad::optim {

enum class ScheduleShape {
  cosine,    ///< warm-up, then half a cosine down to the floor                                    [arXiv:1608.03983]
  constant,  ///< warm-up, constant, then a linear cooldown to the floor                           [arXiv:2405.18392]
};

struct Schedule {
  ScheduleShape shape = ScheduleShape::cosine;
  double peak = 1e-3;          ///< learning rate after the warm-up
  double floor = 0;            ///< learning rate at the end, as a share of `peak`
  int64_t warmup_steps = 0;    ///< linear from peak / warmup_steps
  int64_t cooldown_steps = 0;  ///< of `constant`, 0 for none; a cosine has none
  int64_t total_steps = 0;
};

/// Learning rate of step 0, 1, …, total_steps - 1; the floor from there on. ValueError if the parts do not fit into
/// total_steps, or a cosine is given a cooldown.
double learning_rate(const Schedule& schedule, int64_t step);

}  // namespace triad::optim
