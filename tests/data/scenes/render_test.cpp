#include "triad/data/scenes/render.h"

#include <cmath>

#include <gtest/gtest.h>

#include "triad/core/base/error.h"

namespace triad::data {
namespace {

Image render(const Scene& scene, uint32_t sample) {
  RandomStream random(RandomKey{.seed = 3, .sample = sample});
  return render_scene(scene, random);
}

/// Mean of channel c over a square of side 5 around (x, y).
double mean_at(const Image& image, int x, int y, int c) {
  double sum = 0;
  for (int dy = -2; dy <= 2; ++dy) {
    for (int dx = -2; dx <= 2; ++dx) {
      sum += image.pixels[static_cast<size_t>(((y + dy) * image.width + x + dx) * image.channels + c)];
    }
  }
  return sum / 25;
}

/// Pixels that differ from those of the picture without the object by more than noise can.
int area_of(ObjectShape shape, ObjectSize size) {
  const Object seen{shape, ObjectColour::kBlack, size, 4}, elsewhere{shape, ObjectColour::kBlack, size, 0};
  const Image with = render(Scene{{seen}}, 0), without = render(Scene{{elsewhere}}, 0);
  int area = 0;
  for (int y = 21; y < 43; ++y) {
    for (int x = 21; x < 43; ++x) {
      const auto at = static_cast<size_t>((y * kSceneSide + x) * 3);
      area += std::abs(with.pixels[at] - without.pixels[at]) > 40;
    }
  }
  return area;
}

TEST(Render, IsAFunctionOfSceneAndKey) {
  const Scene scene{{{.cell = 3}, {.shape = ObjectShape::kStar, .cell = 7}}};
  const Image image = render(scene, 1);
  EXPECT_EQ(image.height, 64);
  EXPECT_EQ(image.width, 64);
  EXPECT_EQ(image.channels, 3);
  EXPECT_EQ(image.pixels.size(), 64u * 64 * 3);
  EXPECT_EQ(render(scene, 1), image);
  EXPECT_NE(render(scene, 2), image);
}

TEST(Render, ShowsColoursWhereObjectsAre) {
  for (int cell = 0; cell < kGridCells; ++cell) {
    const Scene scene{{{ObjectShape::kCircle, ObjectColour::kRed, ObjectSize::kBig, cell}}};
    const Image image = render(scene, static_cast<uint32_t>(cell));
    for (int other = 0; other < kGridCells; ++other) {
      const int x = 11 + other % 3 * 21, y = 11 + other / 3 * 21;
      const double redness = mean_at(image, x, y, 0) - mean_at(image, x, y, 1);
      if (other == cell) {
        EXPECT_GT(redness, 120);
      } else {
        EXPECT_LT(std::abs(redness), 40);
      }
    }
  }
}

TEST(Render, SizesAndShapesHaveTheirAreas) {
  // Areas for a radius of 1; the star from 10 triangles between tip 1.1 and notch 0.5.
  const double kPi = std::acos(-1.0);
  const std::array<double, kObjectShapes> kAreas = {kPi,
                                                    4 * 0.85 * 0.85,
                                                    27.0 / 4 / std::sqrt(3.0) * 1.1 * 1.1 / 3,
                                                    5 * 1.1 * 0.5 * std::sin(kPi / 5),
                                                    4 * (2 * 0.32 - 0.32 * 0.32),
                                                    kPi * (1 - 0.55 * 0.55)};
  for (int shape = 0; shape < kObjectShapes; ++shape) {
    for (const auto& [size, radius] : {std::pair{ObjectSize::kSmall, 5.2}, std::pair{ObjectSize::kBig, 9.2}}) {
      const double expected = kAreas[static_cast<size_t>(shape)] * radius * radius;
      EXPECT_NEAR(area_of(static_cast<ObjectShape>(shape), size) / expected, 1.0, 0.35)
          << name_of(static_cast<ObjectShape>(shape)) << ' ' << name_of(size);
    }
  }
}

TEST(Render, ARingHasAHole) {
  const auto redness = [](ObjectShape shape) {
    const Image image = render(Scene{{{shape, ObjectColour::kRed, ObjectSize::kBig, 4}}}, 1);
    return mean_at(image, 32, 32, 0) - mean_at(image, 32, 32, 1);
  };
  EXPECT_LT(redness(ObjectShape::kRing), 60);
  EXPECT_GT(redness(ObjectShape::kCircle), 120);
}

TEST(Render, RefusesWhatIsNoScene) { EXPECT_THROW(render(Scene{}, 0), ValueError); }

}  // namespace
}  // namespace triad::data
