// From a started process, or a number of threads, to ranks that know each other.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "triad/core/comm/communicator.h"
#include "triad/train/launch/rank_environment.h"

namespace triad::train {

/// AgreementError unless every launcher, and MPI itself, agree on the number of ranks and on which one this is. Where they do
/// not, the processes do not know of each other: each would take itself for the only one and write the same files.
void check_ranks(const std::vector<RankEnvironment>& launchers, int rank, int size);

/// Calls body with the ranks that were started together with this process: by MPI if a launcher says there are several, else
/// the only one. The threads of the process are its share of the processors it may run on, unless OMP_NUM_THREADS says
/// otherwise. AgreementError as check_ranks(). When body throws, the other ranks are not waited for.
void on_started_ranks(const std::function<void(comm::Communicator&)>& body);

/// Calls body on `ranks` threads of this process, which share the processors.
void on_rank_threads(int ranks, const std::function<void(comm::Communicator&)>& body);

/// AgreementError naming the first line that differs, and the ranks and hosts that have it, unless `text` is the same on all
/// ranks. `what` it is, for the message: "the recipe".
void check_agreement(comm::Communicator& comm, const std::string& what, const std::string& text);

/// The text of rank 0, on all ranks.
std::string broadcast_text(comm::Communicator& comm, const std::string& text);

}  // namespace triad::train
