#include "triad/data/scenes/scenes.h"

#include <set>

#include <gtest/gtest.h>

#include "tests/harness/message_of.h"
#include "triad/core/base/error.h"
#include "triad/data/scenes/grammar.h"

namespace triad::data {
namespace {

constexpr std::array kSplits = {ScenesSplit::kPoolPictures, ScenesSplit::kPoolSentences, ScenesSplit::kPoolClips,
                                ScenesSplit::kTraining,     ScenesSplit::kValidation,    ScenesSplit::kTest,
                                ScenesSplit::kCompositional};

std::set<uint32_t> codes_of(const Scenes& scenes, ScenesSplit split) {
  std::set<uint32_t> codes;
  for (int64_t i = 0; i < scenes.size(split); ++i) codes.insert(scenes.scene(split, i).code());
  return codes;
}

TEST(Scenes, HeldOutScenesAreDifferentAndNeverTrainedOn) {
  const Scenes scenes(ScenesOptions{});
  const std::array kHeldOut = {ScenesSplit::kValidation, ScenesSplit::kTest, ScenesSplit::kCompositional};
  std::set<uint32_t> held_out;
  size_t sum = 0;
  for (const ScenesSplit split : kHeldOut) {
    const auto codes = codes_of(scenes, split);
    EXPECT_EQ(codes.size(), static_cast<size_t>(scenes.size(split))) << name_of(split);
    held_out.insert(codes.begin(), codes.end());
    sum += codes.size();
  }
  EXPECT_EQ(held_out.size(), sum);
  EXPECT_EQ(scenes.size(ScenesSplit::kTest), 1000);
  for (const ScenesSplit split :
       {ScenesSplit::kPoolPictures, ScenesSplit::kPoolSentences, ScenesSplit::kPoolClips, ScenesSplit::kTraining}) {
    for (const uint32_t code : codes_of(scenes, split)) EXPECT_FALSE(held_out.contains(code)) << name_of(split);
  }
}

TEST(Scenes, UnseenPairsAreInTheCompositionalSplitOnly) {
  const Scenes scenes(ScenesOptions{});
  for (const ScenesSplit split : kSplits) {
    for (int64_t i = 0; i < scenes.size(split); ++i) {
      int unseen = 0;
      for (const Object& object : scenes.scene(split, i).objects) unseen += is_unseen_pair(object.colour, object.shape);
      ASSERT_EQ(unseen > 0, split == ScenesSplit::kCompositional) << name_of(split) << ' ' << i;
    }
  }
}

TEST(Scenes, ASampleDependsOnSeedSplitIndexAndVariantOnly) {
  ScenesOptions options;
  const Scenes scenes(options);
  options.size(ScenesSplit::kTraining) = 10;
  options.size(ScenesSplit::kPoolClips) = 1;
  const Scenes fewer(options);
  options.seed = 2;
  const Scenes other(options);
  int changed = 0;
  for (int64_t i = 9; i >= 0; --i) {
    const auto split = ScenesSplit::kTraining;
    EXPECT_EQ(fewer.scene(split, i), scenes.scene(split, i));
    EXPECT_EQ(fewer.picture(split, i), scenes.picture(split, i));
    EXPECT_EQ(fewer.sentence(split, i), scenes.sentence(split, i));
    EXPECT_EQ(fewer.questions(split, i), scenes.questions(split, i));
    EXPECT_EQ(parse_description(scenes.sentence(split, i, 7)), scenes.scene(split, i));
    EXPECT_NE(scenes.picture(split, i, 1), scenes.picture(split, i));
    EXPECT_NE(scenes.picture(split, i), scenes.picture(ScenesSplit::kPoolPictures, i));
    EXPECT_EQ(scenes.clip(split, i, 3).text, scenes.sentence(split, i, 3));
    changed += other.scene(split, i) != scenes.scene(split, i);
  }
  EXPECT_GT(changed, 5);
}

TEST(Scenes, RefusesBadOptionsAndIndices) {
  using harness::message_of;
  ScenesOptions options;
  options.size(ScenesSplit::kTest) = -1;
  EXPECT_EQ(message_of<ValueError>([&] { Scenes scenes(options); }),
            "Scenes: the size of test is -1, expected 0 to 50000");
  options.size(ScenesSplit::kTest) = 50001;
  EXPECT_EQ(message_of<ValueError>([&] { Scenes scenes(options); }),
            "Scenes: the size of test is 50001, expected 0 to 50000");
  const Scenes scenes(ScenesOptions{});
  EXPECT_EQ(message_of<ValueError>([&] { scenes.picture(ScenesSplit::kTest, 1000); }),
            "Scenes: no sample 1000 in test, which has 1000");
  EXPECT_THROW(scenes.questions(ScenesSplit::kTest, -1), ValueError);
}

TEST(Scenes, FiftyThousandDifferentHeldOutScenesExist) {
  ScenesOptions options;
  options.sizes.fill(0);
  options.size(ScenesSplit::kValidation) = 50000;
  options.size(ScenesSplit::kCompositional) = 50000;
  const Scenes scenes(options);
  EXPECT_EQ(codes_of(scenes, ScenesSplit::kValidation).size(), 50000u);
  EXPECT_EQ(codes_of(scenes, ScenesSplit::kCompositional).size(), 50000u);
}

}  // namespace
}  // namespace triad::data
