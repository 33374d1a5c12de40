// A communicator that carries out plans over a transport, on a thread of its own: the caller computes meanwhile, and messages
// move without anybody polling.
#pragma once

#include <functional>
#include <memory>

#include "triad/core/comm/communicator.h"
#include "triad/core/comm/transport.h"

namespace triad::comm {

/// The transport is made, used and destroyed on the communicator's thread (MPI wants to be called from one thread). CPU
/// tensors only. The destructor lets what is under way end.
std::unique_ptr<Communicator> make_planned(std::function<std::unique_ptr<Transport>()> make_transport);

}  // namespace triad::comm
