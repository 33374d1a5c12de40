// Benchmarks of ops from the samples that specify them.
#pragma once

#include <string>

#include "triad/ops/registry/op_spec.h"

namespace triad::bench {

/// Adds the benchmark NAME: forward calls of `sample` in f32, without a tape. Reports FLOP/s and the bytes per second that
/// have to be moved at least, as far as the sample knows them. Time is that of the clock on the wall.
void register_sample(const std::string& name, ops::Sample sample);

}  // namespace triad::bench
