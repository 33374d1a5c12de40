// Whether all ranks still hold the same parameters.
#pragma once

#include "triad/core/comm/communicator.h"
#include "triad/optim/arena.h"

namespace triad::train {

/// Ranks that differ, in a bit, from what most of them hold. The text names parameter and ranks.
class ReplicaError : public Error {
  using Error::Error;
};

/// Compares a hash of every parameter across ranks. ReplicaError, on all ranks alike.
void check_replicas(const optim::Arena& arena, comm::Communicator& comm);

}  // namespace triad::train
