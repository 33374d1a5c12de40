#pragma once

namespace triad::bench {

/// Starts a new count of the most memory this process has had at once.
void reset_peak_memory();
/// That memory in MB (10^6 bytes), resident, since the last reset; 0 where the system does not tell.
double peak_memory_megabytes();

}  // namespace triad::bench
