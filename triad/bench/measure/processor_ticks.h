// How the processors of this machine have spent their time.
#pragma once

namespace triad::bench {

/// Of all processors together since the system started, in ticks of sysconf(_SC_CLK_TCK) a second. Zeros where the system
/// does not tell.
struct ProcessorTicks {
  double busy = 0;    ///< by any process, or stolen
  double stolen = 0;  ///< given to other machines by the host
  double total = 0;
};
ProcessorTicks processor_ticks();

}  // namespace triad::bench
