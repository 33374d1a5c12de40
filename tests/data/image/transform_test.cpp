#include "triad/data/image/transform.h"

#include <algorithm>

#include <gtest/gtest.h>

#include "tests/harness/data_path.h"
#include "tests/harness/message_of.h"
#include "triad/core/base/error.h"
#include "triad/data/formats/image_file.h"
#include "triad/data/formats/safetensors.h"

namespace triad::data {
namespace {

using harness::message_of;

TEST(Transform, ResizesAndTurnsGreyAsPillowDoes) {
  const Image image = read_image(harness::golden_path("images/rgb8.png"));
  const TensorMap expected = read_safetensors(harness::golden_path("images/expected.safetensors"));
  const auto compare = [&](const Image& got, const std::string& name) {
    const Tensor& wanted = expected.at(name);
    ASSERT_EQ(wanted.shape(), (Shape{got.height, got.width, got.channels})) << name;
    const std::vector<uint8_t> pixels = wanted.to_vector<uint8_t>();
    for (size_t i = 0; i < pixels.size(); ++i) ASSERT_NEAR(got.pixels[i], pixels[i], 1) << name << " " << i;
  };
  for (const auto& [height, width] :
       {std::pair(5, 4), std::pair(30, 40), std::pair(13, 6), std::pair(1, 1), std::pair(20, 3)}) {
    compare(resize(image, height, width), "resize_" + std::to_string(height) + "_" + std::to_string(width));
  }
  compare(to_channels(image, 1), "luma");
}

TEST(Transform, AConstantStaysAndTheSameSizeIsTheSame) {
  const Image flat{7, 5, 3, std::vector<uint8_t>(105, 201)};
  const Image small = resize(flat, 3, 11);
  EXPECT_TRUE(std::all_of(small.pixels.begin(), small.pixels.end(), [](uint8_t v) { return v == 201; }));
  const Image image = read_image(harness::golden_path("images/rgb8.png"));
  EXPECT_EQ(resize(image, image.height, image.width), image);
  EXPECT_EQ(resize(Image{1, 1, 1, {9}}, 2, 2), (Image{2, 2, 1, {9, 9, 9, 9}}));
}

TEST(Transform, StripesDoNotAlias) {
  Image stripes{1, 800, 1, {}};
  for (int x = 0; x < 800; ++x) stripes.pixels.push_back(x % 2 ? 255 : 0);
  for (const uint8_t v : resize(stripes, 1, 90).pixels) EXPECT_NEAR(v, 127.5, 8);  // more at the ends
}

TEST(Transform, CropTakesThePartAsked) {
  const Image image{2, 3, 1, {0, 1, 2, 3, 4, 5}};
  EXPECT_EQ(crop(image, 1, 1, 1, 2), (Image{1, 2, 1, {4, 5}}));
  EXPECT_EQ(crop(image, 0, 0, 2, 3), image);
  EXPECT_EQ(message_of<ValueError>([&] { crop(image, 1, 0, 2, 3); }),
            "crop: 2 x 3 pixels from (1, 0) on are not inside 2 x 3");
  EXPECT_THROW(crop(image, 0, INT32_MAX, 1, 1), ValueError);
}

TEST(Transform, CoveringKeepsTheMiddleAndTheProportions) {
  const Image wide{2, 6, 1, {9, 9, 1, 2, 9, 9, 9, 9, 3, 4, 9, 9}};
  EXPECT_EQ(resize_to_cover(wide, 2, 2), (Image{2, 2, 1, {1, 2, 3, 4}}));
  const Image result = resize_to_cover(Image{1, 5000, 1, std::vector<uint8_t>(5000, 7)}, 3, 3);
  EXPECT_EQ(result, (Image{3, 3, 1, std::vector<uint8_t>(9, 7)}));
}

TEST(Transform, SenselessSizesAreRefused) {
  const Image image{1, 1, 1, {0}};
  EXPECT_EQ(message_of<ValueError>([&] { resize(image, 0, 5); }),
            "resize: a size of 0 x 5, expected 1 to 268435456 pixels");
  EXPECT_THROW(resize(image, 1 << 20, 1 << 20), ValueError);
  EXPECT_THROW(resize(Image{}, 1, 1), ValueError);
  EXPECT_THROW(to_channels(image, 4), ValueError);
  EXPECT_EQ(to_channels(image, 3), (Image{1, 1, 3, {0, 0, 0}}));
}

}  // namespace
}  // namespace triad::data
