// Ranks that are threads of one process: what tests run on, and trains that have one machine and no MPI.
#pragma once

#include <functional>

#include "triad/core/comm/communicator.h"

namespace triad::comm {

/// Calls body(communicator) on `size` threads, as ranks 0 to size-1 of one group, and waits for all. Where a rank throws, the
/// group is given up; the first error that is not a consequence of that is thrown here when all have ended.
void run_ranks(int size, const std::function<void(Communicator&)>& body);

}  // namespace triad::comm
