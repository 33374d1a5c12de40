// What every communicator has to do, at any number of ranks: run by comm_test.cpp on threads and by comm_worker.cpp under MPI.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "triad/core/comm/communicator.h"

namespace triad::comm {

struct CommCase {
  std::string name;
  /// Called on every rank. Throws where something is wrong.
  std::function<void(Communicator&)> run;
};

const std::vector<CommCase>& comm_cases();

}  // namespace triad::comm
