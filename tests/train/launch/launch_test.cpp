// The program on ranks that are threads, and on processes that mpirun has started.
#include <csignal>
#include <cstdlib>
#include <fstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/wait.h>

#include "tests/harness/damage.h"
#include "tests/harness/data_path.h"
#include "tests/train/loop/tiny_data.h"
#include "triad/core/comm/mpi.h"
#include "triad/train/checkpoint/checkpoint.h"
#include "triad/train/checkpoint/checkpoint_folder.h"
#include "triad/train/launch/stop_request.h"
#include "triad/train/metrics/metrics_file.h"
#include "triad/train/pretrain.h"

namespace triad::train {
namespace {

using testing::HasSubstr;

class Launch : public testing::Test {
 protected:
  Launch() {
    write_tiny_data(at("data"));
    recipe_ = tiny_recipe(at("data"));
    recipe_.data.dir = at("data");
    harness::write_file(at("tiny.yaml"), write_recipe(recipe_));
  }

  /// The exit status of a command of bash, in which $T is the program; what it says in said_.
  int run(const std::string& command) {
    const std::string script = "cd " + folder_.path().string() + " && T=" TRIAD_PROGRAM "\n" + command;
    harness::write_file(at("script"), script);
    const int status =
        std::system(("timeout 100 bash " + at("script") + " >" + at("said") + " 2>&1 </dev/null").c_str());
    said_ = harness::read_file(at("said"));
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
  }
  std::string at(const std::string& name) const { return (folder_ / name).string(); }
  std::filesystem::path end_of(const std::string& run, int64_t step) const {
    return checkpoint_path(folder_ / run / "checkpoints", "text", step);
  }

  harness::TempFolder folder_;
  Recipe recipe_;
  std::string said_;
};

TEST_F(Launch, RanksThatAreThreads) {
  ASSERT_EQ(run("$T launch -n 2 --backend threads -- pretrain tiny.yaml --only text --out run"), 0) << said_;
  const std::vector<MetricsLine> lines = read_metrics(at("run/metrics.jsonl"));
  EXPECT_EQ(lines.back().step, 20);
  EXPECT_EQ(lines.back().values.at("world"), 2);
}

TEST_F(Launch, RanksThatAreProcesses) {
  if (!comm::has_mpi()) GTEST_SKIP() << "this build has no MPI";
  ASSERT_EQ(run("$T launch -n 2 -- pretrain tiny.yaml --only text --out run"), 0) << said_;
  EXPECT_EQ(read_metrics(at("run/metrics.jsonl")).back().values.at("world"), 2);
  // Whether messages go through memory of one process or of several changes no bit.
  ASSERT_EQ(run("$T launch -n 2 --backend threads -- pretrain tiny.yaml --only text --out threads"), 0) << said_;
  EXPECT_EQ(differing_tensors(end_of("run", 20), end_of("threads", 20), Content::everything),
            std::vector<std::string>());
}

TEST_F(Launch, ARankThatIsAnotherThingIsNamed) {
  if (!comm::has_mpi()) GTEST_SKIP() << "this build has no MPI";
  const std::string start =
      "mpirun --allow-run-as-root --oversubscribe --bind-to none -n 1 $T pretrain tiny.yaml --out run";
  EXPECT_EQ(run(start + " : -n 1 $T pretrain tiny.yaml --out run --set train.seed=8"), 78) << said_;
  EXPECT_THAT(said_, HasSubstr("the recipe: differs between ranks: "));
  EXPECT_THAT(said_, HasSubstr("'  seed: 8'"));
  EXPECT_FALSE(std::filesystem::exists(at("run")));
}

TEST_F(Launch, SingletonsAreRefused) {
  EXPECT_EQ(run("SLURM_STEP_ID=0 SLURM_PROCID=1 SLURM_STEP_NUM_TASKS=2 $T pretrain tiny.yaml --out run"), 78) << said_;
  EXPECT_FALSE(std::filesystem::exists(at("run")));
}

TEST_F(Launch, OtherCommandsAreRefused) {
  EXPECT_EQ(run("$T launch -n 2 -- eval run"), 2);
  EXPECT_THAT(said_, HasSubstr("launch: cannot spread 'eval' over ranks"));
  EXPECT_EQ(run("$T launch -n 0 -- pretrain tiny.yaml"), 2);
  EXPECT_EQ(run("$T launch -n 2 --backend threads --hosts a,b -- pretrain tiny.yaml"), 2);
}

TEST_F(Launch, AStopRequestedOnAnyRankSavesAndGoesOnAsIfNothingHadBeen) {
  if (!comm::has_mpi()) GTEST_SKIP() << "this build has no MPI";
  recipe_.text.steps = 4000;
  recipe_.text.schedule.total_steps = 4000;
  harness::write_file(at("tiny.yaml"), write_recipe(recipe_));
  const std::string wait_for_steps = "for i in $(seq 200); do [ -s run/metrics.jsonl ] && break; sleep 0.05; done\n";
  const std::string start = "rm -rf run; $T launch -n 2 -- pretrain tiny.yaml --only text --out run & L=$!\n";
  for (const std::string& tell :
       {std::string("kill -USR1 $(pgrep -f 'triad pretrain tiny.yaml --only text --out run' | tail -n 1)"),  // a rank
        std::string("kill -TERM $L"), std::string("kill -USR1 $L")}) {
    EXPECT_EQ(run(start + wait_for_steps + tell + "; wait $L"), 75) << tell << said_;
    EXPECT_THAT(said_, HasSubstr("told to stop: the run is saved, --resume auto goes on with it")) << tell;
    const std::optional<std::filesystem::path> saved = newest_checkpoint(folder_ / "run" / "checkpoints");
    ASSERT_TRUE(saved) << tell;
    EXPECT_LT(read_progress(*saved).step, 4000) << tell;
  }
}

/// What a run on three ranks says, and with what each ends, when something is done to the last of them in its midst.
class LaunchFaults : public Launch {
 protected:
  void SetUp() override {
    if (!comm::has_mpi()) GTEST_SKIP() << "this build has no MPI";
    recipe_.text.steps = 100'000;
    recipe_.text.schedule.total_steps = 100'000;
    harness::write_file(at("tiny.yaml"), write_recipe(recipe_));
  }
  double run_and(const std::string& harm) {
    const auto start = std::chrono::steady_clock::now();
    run("mpirun --allow-run-as-root --oversubscribe --bind-to none -n 3 bash -c "
        "'trap \"\" TERM; echo $$ > rank-$OMPI_COMM_WORLD_RANK; $0 pretrain tiny.yaml --only text --out run; "
        "echo rank $OMPI_COMM_WORLD_RANK ends with $?' $T & M=$!\n"
        "for i in $(seq 400); do [ -s run/metrics.jsonl ] && break; sleep 0.05; done; sleep 1.2\n"
        "P=$(pgrep -P $(cat rank-2))\n" +
        harm + "\nwait $M\n[ -z \"$P\" ] || kill -KILL $P 2>/dev/null");
    return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  }
};

TEST_F(LaunchFaults, ARankThatIsKilledIsNamedAndTheOthersLeave) {
  EXPECT_LT(run_and("kill -KILL $P"), 20);
  EXPECT_THAT(said_,
              testing::ContainsRegex("rank 2 \\(.+, process [0-9]+\\) is lost: its connection has ended, in phase "
                                     "'step' [0-9]+, at call [0-9]+, "));
  for (const char* rank : {"rank 0 ends with 76", "rank 1 ends with 76"}) EXPECT_THAT(said_, HasSubstr(rank)) << said_;
}

TEST_F(LaunchFaults, ARankThatIsStoppedIsNamedAndTheOthersLeave) {
  EXPECT_LT(run_and("kill -STOP $P"), 30);
  EXPECT_THAT(said_, testing::ContainsRegex("rank 2 \\(.+\\) has said nothing for 10 s: it is stopped"));
  for (const char* rank : {"rank 0 ends with 77", "rank 1 ends with 77"}) EXPECT_THAT(said_, HasSubstr(rank));
}

TEST_F(Launch, AStoppedRunEndsWithTheBitsOfOneThatWasNot) {
  on_rank_threads(2, [&](const Ranks& ranks) {
    comm::Communicator& comm = ranks.comm;
    EXPECT_TRUE(pretrain(recipe_, {.out = at("whole"), .only = "text"}, ranks));
    if (comm.rank() == 0) request_stop();
    comm.barrier();
    EXPECT_FALSE(pretrain(recipe_, {.out = at("stopped"), .only = "text"}, ranks));
    comm.barrier();
    if (comm.rank() == 0) request_stop(false);
    comm.barrier();
    EXPECT_TRUE(pretrain(recipe_, {.out = at("stopped"), .only = "text", .resume = true}, ranks));
  });
  EXPECT_EQ(differing_tensors(end_of("whole", 20), end_of("stopped", 20), Content::everything),
            std::vector<std::string>());
}

}  // namespace
}  // namespace triad::train
