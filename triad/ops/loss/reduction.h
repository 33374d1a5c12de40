#pragma once

namespace triad::ops {

/// What a loss does with the terms of its elements: none returns them, sum adds them, mean divides the sum by what was
/// counted (elements, the sum of their weights, labels not ignored). The mean of nothing is 0 and has gradient 0, so
/// that a batch without a single target is no special case of a training loop.
enum class Reduction { none, mean, sum };

}  // namespace triad::ops
