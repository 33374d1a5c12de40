#include "triad/data/scenes/scene.h"

#include <map>
#include <set>

#include <gtest/gtest.h>

#include "tests/harness/message_of.h"
#include "triad/core/base/error.h"

namespace triad::data {
namespace {

std::vector<Scene> draw(int count, PairRule rule) {
  std::vector<Scene> scenes;
  for (int i = 0; i < count; ++i) {
    RandomStream random(RandomKey{.seed = 5, .sample = static_cast<uint32_t>(i)});
    scenes.push_back(draw_scene(random, rule));
  }
  return scenes;
}

TEST(Scene, IsAlwaysValidAndFollowsThePairRule) {
  for (const PairRule rule : {PairRule::kSeen, PairRule::kWithUnseen}) {
    for (const Scene& scene : draw(2000, rule)) {
      check_scene(scene, "test");
      int unseen = 0;
      for (const Object& object : scene.objects) unseen += is_unseen_pair(object.colour, object.shape);
      EXPECT_EQ(unseen > 0, rule == PairRule::kWithUnseen);
    }
  }
}

TEST(Scene, UnseenPairsLeaveEveryColourAndShapeToTraining) {
  std::set<int> colours;
  for (int shape = 0; shape < kObjectShapes; ++shape) {
    int pairs = 0;
    for (int colour = 0; colour < kObjectColours; ++colour) {
      if (!is_unseen_pair(static_cast<ObjectColour>(colour), static_cast<ObjectShape>(shape))) continue;
      ++pairs;
      colours.insert(colour);
    }
    EXPECT_EQ(pairs, 1);
  }
  EXPECT_EQ(colours.size(), size_t{kObjectShapes}) << "two unseen pairs of one colour";
}

TEST(Scene, AttributesAreSpreadEvenly) {
  std::map<int, int> shapes, colours, sizes, cells, counts;
  int objects = 0;
  for (const Scene& scene : draw(10000, PairRule::kSeen)) {
    ++counts[static_cast<int>(scene.objects.size())];
    for (const Object& object : scene.objects) {
      ++objects;
      ++shapes[static_cast<int>(object.shape)];
      ++colours[static_cast<int>(object.colour)];
      ++sizes[static_cast<int>(object.size)];
      ++cells[object.cell];
    }
  }
  const auto expect_even = [&](const std::map<int, int>& histogram, int values) {
    ASSERT_EQ(histogram.size(), static_cast<size_t>(values));
    for (const auto& [value, n] : histogram) EXPECT_NEAR(n * values / static_cast<double>(objects), 1.0, 0.25) << value;
  };
  expect_even(shapes, kObjectShapes);
  expect_even(colours, kObjectColours);
  expect_even(sizes, kObjectSizes);
  expect_even(cells, kGridCells);
  ASSERT_EQ(counts.size(), size_t{kMaxObjects});
  EXPECT_GT(counts[2], counts[1] + counts[3]);
}

TEST(Scene, CodesTellScenesApart) {
  std::map<uint32_t, Scene> by_code;
  for (const Scene& scene : draw(20000, PairRule::kSeen)) {
    const auto [found, inserted] = by_code.emplace(scene.code(), scene);
    EXPECT_TRUE(inserted || found->second == scene);
  }
  EXPECT_GT(by_code.size(), 15000u);
}

TEST(Scene, PartsHaveTheirShares) {
  std::map<ScenePart, int> parts;
  for (const Scene& scene : draw(8000, PairRule::kSeen)) ++parts[part_of(scene)];
  EXPECT_NEAR(parts[ScenePart::kTraining], 5000, 300);
  EXPECT_NEAR(parts[ScenePart::kValidation], 1000, 200);
  EXPECT_NEAR(parts[ScenePart::kTest], 2000, 300);
}

TEST(Scene, RefusesWhatIsNoScene) {
  using harness::message_of;
  const auto message = [](std::vector<Object> objects) {
    return message_of<ValueError>([&] { check_scene(Scene{objects}, "test"); });
  };
  EXPECT_EQ(message({}), "test: a scene has 1 to 3 objects, got 0");
  EXPECT_EQ(message(std::vector<Object>(4)), "test: a scene has 1 to 3 objects, got 4");
  EXPECT_EQ(message({{.cell = 9}}), "test: object 0 is in cell 9, expected 0 to 8");
  EXPECT_EQ(message({{.cell = -1}}), "test: object 0 is in cell -1, expected 0 to 8");
  EXPECT_EQ(message({{.shape = static_cast<ObjectShape>(6)}}),
            "test: object 0 has a shape, colour or size outside of its enumeration");
  EXPECT_EQ(message({{.cell = 4}, {.cell = 4}}),
            "test: object 1 is not in a later cell than the one before; objects are ordered by cell, one a cell");
}

}  // namespace
}  // namespace triad::data
