#include "triad/train/launch/ranks.h"

#include <map>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/harness/data_path.h"
#include "tests/harness/message_of.h"
#include "triad/core/comm/threads.h"
#include "triad/train/launch/launcher.h"
#include "triad/train/launch/rank_environment.h"
#include "triad/train/launch/restart_guard.h"
#include "triad/train/launch/slurm.h"

namespace triad::train {
namespace {

using harness::message_of;

Environment environment(std::map<std::string, std::string> variables) {
  return [variables = std::move(variables)](const std::string& name) -> std::optional<std::string> {
    const auto found = variables.find(name);
    return found == variables.end() ? std::nullopt : std::optional(found->second);
  };
}

TEST(RankEnvironment, EveryLauncherIsRead) {
  EXPECT_TRUE(rank_environments(environment({})).empty());
  const auto only = [](std::map<std::string, std::string> variables) {
    const std::vector<RankEnvironment> found = rank_environments(environment(std::move(variables)));
    EXPECT_EQ(found.size(), 1u);
    return found.at(0);
  };
  const RankEnvironment open_mpi = only({{"OMPI_COMM_WORLD_RANK", "3"},
                                         {"OMPI_COMM_WORLD_SIZE", "8"},
                                         {"OMPI_COMM_WORLD_LOCAL_RANK", "1"},
                                         {"OMPI_COMM_WORLD_LOCAL_SIZE", "2"}});
  EXPECT_EQ(open_mpi.launcher, "Open MPI (OMPI_COMM_WORLD_SIZE)");
  EXPECT_EQ(open_mpi.rank, 3);
  EXPECT_EQ(open_mpi.size, 8);
  EXPECT_EQ(open_mpi.local_rank, 1);
  EXPECT_EQ(open_mpi.local_size, 2);
  EXPECT_EQ(only({{"PMI_RANK", "0"}, {"PMI_SIZE", "2"}}).size, 2);
  EXPECT_EQ(only({{"MV2_COMM_WORLD_RANK", "1"}, {"MV2_COMM_WORLD_SIZE", "4"}}).rank, 1);
  EXPECT_EQ(only({{"SLURM_STEP_ID", "0"}, {"SLURM_PROCID", "2"}, {"SLURM_STEP_NUM_TASKS", "3"}}).rank, 2);
  EXPECT_EQ(only({{"RANK", "5"}, {"WORLD_SIZE", "6"}, {"LOCAL_RANK", "0"}}).local_rank, 0);
}

TEST(RankEnvironment, ABatchScriptIsNoRank) {
  EXPECT_TRUE(rank_environments(environment({{"SLURM_PROCID", "0"}, {"SLURM_NTASKS", "4"}})).empty());
}

TEST(RankEnvironment, NonsenseIsRefused) {
  EXPECT_EQ(message_of<ConfigError>([] { rank_environments(environment({{"RANK", "x"}, {"WORLD_SIZE", "2"}})); }),
            "environment: RANK is 'x', expected a number that is not negative");
  EXPECT_EQ(message_of<ConfigError>([] { rank_environments(environment({{"RANK", "2"}, {"WORLD_SIZE", "2"}})); }),
            "environment: RANK is 2, but WORLD_SIZE says there are 2 ranks");
}

TEST(Ranks, ThoseThatDoNotKnowOfEachOtherAreRefused) {
  const std::vector<RankEnvironment> slurm = {{.launcher = "Slurm (SLURM_STEP_NUM_TASKS)", .rank = 1, .size = 4}};
  check_ranks(slurm, 1, 4);
  check_ranks({}, 0, 1);
  EXPECT_THAT(message_of<AgreementError>([&] { check_ranks(slurm, 0, 1); }),
              testing::HasSubstr("Slurm (SLURM_STEP_NUM_TASKS) says this is rank 1 of 4, MPI says rank 0 of 1"));
  EXPECT_THROW(check_ranks(slurm, 2, 4), AgreementError);
}

TEST(Ranks, ADifferenceIsNamedWithRanksHostsAndLine) {
  comm::run_ranks(3, [](comm::Communicator& comm) {
    check_agreement(comm, "the recipe", "a: 1\nb: 2\n");
    EXPECT_THAT(message_of<AgreementError>(
                    [&] { check_agreement(comm, "the recipe", comm.rank() == 1 ? "a: 1\nb: 3\n" : "a: 1\nb: 2\n"); }),
                testing::MatchesRegex("the recipe: differs between ranks: 1 \\(.+\\) have 'b: 3', 0, 2 \\(.+\\) have "
                                      "'b: 2'"));
    EXPECT_THAT(message_of<AgreementError>([&] {
                  check_agreement(comm, "the recipe", comm.rank() == 1 ? "a: 1\nb: 2\nc: 3" : "a: 1\nb: 2\n");
                }),
                testing::HasSubstr("have 'c: 3', 0, 2"));
    EXPECT_EQ(broadcast_text(comm, str("rank ", comm.rank())), "rank 0");
    EXPECT_EQ(broadcast_text(comm, ""), "");
  });
}

TEST(Launcher, SharesRanksOutToHosts) {
  const std::vector<std::string> here = mpirun_command({.ranks = 4}, "/bin/triad", {"pretrain", "x.yaml"}, false);
  EXPECT_THAT(here, testing::ElementsAre("mpirun", "-n", "4", "--oversubscribe", "--bind-to", "none", "/bin/triad",
                                         "pretrain", "x.yaml"));
  const auto on = [](int ranks, std::vector<std::string> hosts) {
    return mpirun_command({.ranks = ranks, .hosts = std::move(hosts)}, "t", {}, true);
  };
  EXPECT_THAT(on(5, {"a", "b"}), testing::IsSupersetOf({"--allow-run-as-root", "--host", "a:3,b:2"}));
  EXPECT_THAT(on(1, {"a", "b"}), testing::Contains("a:1"));
}

TEST(Slurm, AJobFindsItsRunAgain) {
  const std::string script =
      slurm_script({.ranks = 4, .nodes = 2, .time = "1:00:00", .partition = "gpu", .grace_seconds = 60}, "/opt/triad",
                   {"pretrain", "a b.yaml", "--out", "/runs/it's"});
  for (const char* line : {"#SBATCH --ntasks=4\n", "#SBATCH --nodes=2\n", "#SBATCH --time=1:00:00\n",
                           "#SBATCH --partition=gpu\n", "#SBATCH --requeue\n", "#SBATCH --signal=USR1@60\n",
                           "'/opt/triad' 'pretrain' 'a b.yaml' '--out' '/runs/it'\\''s' --resume auto\n"})
    EXPECT_THAT(script, testing::HasSubstr(line));
  EXPECT_THAT(message_of<ConfigError>([] { slurm_script({}, "triad", {"pretrain", "x.yaml"}); }),
              testing::StartsWith("launch --slurm: the command has no --out"));
}

TEST(RestartGuard, StopsAJobThatNeverGetsFurther) {
  const harness::TempFolder folder;
  for (int start = 0; start < 3; ++start) count_start(folder.path(), "text 300");
  EXPECT_THAT(message_of<NoProgressError>([&] { count_start(folder.path(), "text 300"); }),
              testing::HasSubstr("was started 3 times at text 300 and never got further"));
  for (int start = 0; start < 3; ++start) count_start(folder.path(), "text 400");
  std::filesystem::resize_file(folder / "restarts.json", 3);  // a damaged note stops nothing
  count_start(folder.path(), "text 400");
}

}  // namespace
}  // namespace triad::train
