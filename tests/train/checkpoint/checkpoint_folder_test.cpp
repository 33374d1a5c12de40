// Checkpoints of which some are damaged: nothing good gives way to them.
#include "triad/train/checkpoint/checkpoint_folder.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/harness/data_path.h"
#include "tests/harness/message_of.h"
#include "tests/train/loop/tiny_data.h"
#include "triad/train/pretrain.h"

namespace triad::train {
namespace {

namespace fs = std::filesystem;

class CheckpointFolder : public testing::Test {
 protected:
  /// A run of the text stage that holds text-6, -5 and -4.
  CheckpointFolder() {
    write_tiny_data(folder_ / "data");
    recipe_ = tiny_recipe(folder_ / "data");
    recipe_.checkpoint = {.every = 1, .keep = 3};
    recipe_.train.max_steps = 6;
    pretrain(recipe_, {.out = run_, .only = "text"});
  }

  fs::path checkpoint(int64_t step) const { return checkpoint_path(run_ / "checkpoints", "text", step); }
  void damage(std::initializer_list<int64_t> steps) const {
    for (const int64_t step : steps) fs::resize_file(checkpoint(step), 100);
  }
  std::vector<fs::path> listed() const { return list_checkpoints(run_ / "checkpoints"); }
  std::optional<fs::path> newest() const { return newest_checkpoint(run_ / "checkpoints"); }

  harness::TempFolder folder_;
  fs::path run_ = folder_ / "run";
  Recipe recipe_;
};

TEST_F(CheckpointFolder, DamagedOnesDoNotCountAmongThoseThatStay) {
  damage({6, 5});
  EXPECT_EQ(newest(), checkpoint(4));
  remove_old_checkpoints(run_ / "checkpoints", "text", 1);
  EXPECT_EQ(listed(), (std::vector{checkpoint(6), checkpoint(5), checkpoint(4)}));
  damage({4});
  EXPECT_EQ(newest(), std::nullopt);
  EXPECT_EQ(harness::message_of<IoError>([&] { resolve_checkpoint(run_); }),
            run_.string() + ": holds no checkpoint that is whole");
}

TEST_F(CheckpointFolder, WhatARunWritesBehindDamagedOnesStays) {
  damage({6, 5, 4});
  recipe_.train.max_steps = 2;
  pretrain(recipe_, {.out = run_, .only = "text", .resume = true});
  EXPECT_EQ(newest(), checkpoint(2));
  EXPECT_EQ(listed(), (std::vector{checkpoint(6), checkpoint(5), checkpoint(4), checkpoint(2), checkpoint(1)}));
  recipe_.train.max_steps = 7;  // on its way the run writes them anew
  pretrain(recipe_, {.out = run_, .only = "text", .resume = true});
  EXPECT_EQ(newest(), checkpoint(7));
  EXPECT_EQ(listed(), (std::vector{checkpoint(7), checkpoint(6), checkpoint(5)}));
}

TEST_F(CheckpointFolder, ARunWhoseCheckpointsAreAllDamagedIsStillARun) {
  damage({6, 5, 4});
  EXPECT_THAT(harness::message_of<ConfigError>([&] { pretrain(recipe_, {.out = run_, .only = "text"}); }),
              testing::StartsWith("--out " + run_.string() + ": holds a run already"));
}

}  // namespace
}  // namespace triad::train
