#pragma once

#include <string>

#include "triad/core/base/dtype.h"

namespace triad::bench {

/// A table of what a training step spends its time on, by kernel, the largest first: calls, milliseconds, share. The median
/// of several steps; what is left is the time between kernels.
std::string profile_of_step(const std::string& name, DType dtype, double dropout);

}  // namespace triad::bench
