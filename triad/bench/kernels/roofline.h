// Timings under the roofs of the machine.
#pragma once

#include <string>

#include "triad/bench/kernels/timing_file.h"

namespace triad::bench {

/// A chart of operations a second against operations a byte, as SVG: the roofs of the machine and a point a row of `impl`,
/// with its name as the tooltip. Rows without operations are left out. ValueError if nothing remains.
std::string roofline(const TimingFile& timings, const std::string& impl);

}  // namespace triad::bench
