// A rank of the tests that run under MPI: the cases that every communicator has to pass, or one that fails on purpose.
//
// usage: comm_worker cases | late | exit
#include <iostream>
#include <string_view>
#include <thread>

#include "tests/core/comm/comm_cases.h"
#include "triad/core/comm/checked.h"
#include "triad/core/comm/mpi.h"

namespace {

using namespace std::chrono_literals;
using triad::comm::Communicator;

/// Every case on MPI itself and checked. Says "ok NAME" on rank 0 for each that all ranks passed.
bool pass_all(Communicator& comm) {
  for (const auto& [name, run] : triad::comm::comm_cases()) {
    run(comm);
    triad::comm::Checked checked(comm);
    run(checked);
    comm.barrier();
    if (comm.rank() == 0) std::cout << "ok " << name << std::endl;
  }
  return true;
}

/// The last rank does not come in time.
bool name_the_late_one(Communicator& comm) {
  if (comm.rank() == comm.size() - 1) {
    std::this_thread::sleep_for(1s);
    std::_Exit(0);  // there is nothing left to say to the others
  }
  comm.all_reduce(triad::zeros({3}), triad::comm::Reduction::sum, {.name = "gradients", .timeout = 200ms}).wait();
  return false;
}

}  // namespace

int main(int argc, char** argv) {
  const std::string_view what = argc > 1 ? argv[1] : "";
  try {
    const auto comm = triad::comm::make_mpi();
    const bool good = what == "late" ? name_the_late_one(*comm) : pass_all(*comm);
    return good ? 0 : 1;
  } catch (const std::exception& e) {
    std::cout << "FAILED " << e.what() << std::endl;
    std::_Exit(what == "late" ? 0 : 1);
  }
}
