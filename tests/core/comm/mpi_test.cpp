// The cases of comm_cases.cpp under MPI: for each number of ranks, mpirun starts comm_worker on all of them.
#include "triad/core/comm/mpi.h"

#include <cstdlib>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/wait.h>

#include "tests/core/comm/comm_cases.h"
#include "tests/harness/damage.h"
#include "tests/harness/data_path.h"

namespace triad::comm {
namespace {

using testing::AllOf;
using testing::HasSubstr;

class Mpi : public testing::TestWithParam<int> {
 protected:
  void SetUp() override {
    if (!has_mpi()) GTEST_SKIP() << "this build has no MPI";
  }
  /// What `ranks` workers say; their exit status in status_.
  std::string run(int ranks, const std::string& what) {
    const std::string out = (folder_ / "out").string();
    const std::string command = str("timeout 120 mpirun --allow-run-as-root --oversubscribe --bind-to none -n ", ranks,
                                    " ", COMM_WORKER, " ", what, " >", out, " 2>&1 </dev/null");
    const int status = std::system(command.c_str());
    status_ = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
    return harness::read_file(out);
  }

  int status_ = -1;
  harness::TempFolder folder_;
};

TEST_P(Mpi, PassesEveryCase) {
  const std::string said = run(GetParam(), "cases");
  EXPECT_EQ(status_, 0) << said;
  for (const CommCase& c : comm_cases()) EXPECT_THAT(said, HasSubstr("ok " + c.name + "\n"));
}

INSTANTIATE_TEST_SUITE_P(Ranks, Mpi, testing::Values(1, 2, 3, 4, 8));

using MpiFailures = Mpi;

TEST_F(MpiFailures, ARankThatDoesNotComeIsNamed) {
  const std::string said = run(2, "late");
  EXPECT_THAT(said, AllOf(HasSubstr("rank 0 of 2, collective 0, all_reduce 'gradients' of f32 [3] (comm_worker.cpp:"),
                          HasSubstr("rank 1: did not take part in time")));
}

}  // namespace
}  // namespace triad::comm
