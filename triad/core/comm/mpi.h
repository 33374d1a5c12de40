// Ranks that are processes started by mpirun, srun or the like.
#pragma once

#include <memory>
#include <string>

#include "triad/core/comm/communicator.h"

namespace triad::comm {

/// Whether this build has MPI.
bool has_mpi();

/// The library's own words; "no MPI" without one.
std::string mpi_version();

/// All ranks that were started together. MPI is initialised by this call and finalised when the communicator is destroyed, on
/// the communicator's own thread; MPI allows that once in a process. After an error MPI is not finalised, as that would wait
/// for ranks that may be lost. CommError if this build has no MPI, if MPI cannot be initialised or has been used before.
std::unique_ptr<Communicator> make_mpi();

}  // namespace triad::comm
