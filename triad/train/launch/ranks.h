// From a started process, or a number of threads, to ranks that know each other.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "triad/core/comm/communicator.h"
#include "triad/train/control/rank_status.h"
#include "triad/train/launch/rank_environment.h"

namespace triad::train {

/// AgreementError unless every launcher, and MPI itself, agree on the number of ranks and on which one this is. Where they do
/// not, the processes do not know of each other: each would take itself for the only one and write the same files.
void check_ranks(const std::vector<RankEnvironment>& launchers, int rank, int size);

/// What the code that trains sees of the other ranks.
struct Ranks {
  comm::Communicator& comm;
  RankStatus& status;  ///< to be kept up to date: others judge by it whether this rank is stuck
};

/// Calls body with the ranks that were started together with this process: by MPI if a launcher says there are several, else
/// the only one. The threads of the process are its share of the processors it may run on, unless OMP_NUM_THREADS says
/// otherwise. AgreementError as check_ranks(). When body throws, the other ranks are told
/// (control/control.h), and not waited for. Where another rank is lost or has failed, the CommError says which and how, and is a
/// TimeoutError where it is stuck; a process that does not get as far as throwing it within some seconds is ended.
void on_started_ranks(const std::function<void(const Ranks&)>& body);

/// Calls body on `ranks` threads of this process, which share the processors.
void on_rank_threads(int ranks, const std::function<void(const Ranks&)>& body);

/// AgreementError naming the first line that differs, and the ranks and hosts that have it, unless `text` is the same on all
/// ranks. `what` it is, for the message: "the recipe".
void check_agreement(comm::Communicator& comm, const std::string& what, const std::string& text);

/// Every rank's text, by rank.
std::vector<std::string> gather_texts(comm::Communicator& comm, const std::string& own);

/// "0, 2 (host a), 1 (host b)", of ranks whose hosts are hosts[rank].
std::string name_ranks(const std::vector<size_t>& ranks, const std::vector<std::string>& hosts);

/// The text of rank 0, on all ranks.
std::string broadcast_text(comm::Communicator& comm, const std::string& text);

}  // namespace triad::train
