// The numbers of an evaluation, next to what the baselines give.
#pragma once

#include <string>

#include "triad/train/evaluate/evaluate.h"

namespace triad::train {

/// The few numbers one looks for first, as tiles; empty if nothing was measured.
std::string headline(const Evaluation& evaluation);
/// All of them, as tables; empty if nothing was measured.
std::string number_tables(const Evaluation& evaluation);

}  // namespace triad::train
