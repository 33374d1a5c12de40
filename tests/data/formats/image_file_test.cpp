#include "triad/data/formats/image_file.h"

#include <algorithm>
#include <sstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/harness/damage.h"
#include "tests/harness/data_path.h"
#include "tests/harness/message_of.h"
#include "triad/core/base/error.h"
#include "triad/data/formats/idx.h"
#include "triad/data/formats/jpeg.h"
#include "triad/data/formats/png.h"
#include "triad/data/formats/safetensors.h"

namespace triad::data {
namespace {

namespace fs = std::filesystem;
using harness::message_of;

Image image_of(const Tensor& t) {
  return {static_cast<int>(t.size(0)), static_cast<int>(t.size(1)), static_cast<int>(t.size(2)),
          t.to_vector<uint8_t>()};
}

/// The largest difference of two pixels; 256 if the shapes differ.
int largest_difference(const Image& a, const Image& b) {
  if (a.height != b.height || a.width != b.width || a.channels != b.channels) return 256;
  int most = 0;
  for (size_t i = 0; i < a.pixels.size(); ++i) most = std::max(most, std::abs(a.pixels[i] - b.pixels[i]));
  return most;
}

std::string golden(const std::string& name) { return harness::read_file(harness::golden_path("images/" + name)); }

TEST(ImageFile, EveryKindOfPngIsReadExactlyAndJpegWithinOne) {
  int checked = 0;
  for (const auto& [name, pixels] : read_safetensors(harness::golden_path("images/expected.safetensors"))) {
    if (name.find('.') == name.npos) continue;
    const Image got = read_image(harness::golden_path("images/" + name));
    EXPECT_LE(largest_difference(got, image_of(pixels)), name.ends_with("png") ? 0 : 1) << name;
    ++checked;
  }
  EXPECT_EQ(checked, 15);
}

TEST(ImageFile, MnistAsPngEqualsMnistAsIdx) {
  const fs::path pngs = harness::data_path("mnist/png_sample"),
                 idx = harness::data_path("mnist/train-images-idx3-ubyte.gz");
  if (pngs.empty() || idx.empty()) GTEST_SKIP() << "no data set mnist";
  const IdxArray all = read_idx(idx);
  int checked = 0;
  for (const auto& entry : fs::directory_iterator(pngs)) {
    const size_t index = std::stoul(entry.path().filename());
    const Image image = read_image(entry);
    ASSERT_EQ(image.channels, 1);
    EXPECT_TRUE(std::equal(image.pixels.begin(), image.pixels.end(),
                           all.values.begin() + static_cast<std::ptrdiff_t>(784 * index)));
    ++checked;
  }
  EXPECT_EQ(checked, 100);
}

TEST(ImageFile, EveryTwemojiIsRead) {
  const fs::path folder = harness::data_path("twemoji/72x72");
  if (folder.empty()) GTEST_SKIP() << "no data set twemoji";
  int checked = 0;
  for (const auto& entry : fs::directory_iterator(folder)) {
    const Image image = read_image(entry);
    ASSERT_EQ(image.pixels.size(), 72u * 72 * static_cast<size_t>(image.channels)) << entry;
    ++checked;
  }
  EXPECT_GT(checked, 3000);
}

TEST(ImageFile, PhotographsAgreeWithAnotherDecoder) {
  for (const std::string name : {"bccd_rgb", "vqarad_ycc"}) {
    const fs::path jpeg = harness::data_path("jpeg_reference/" + name + ".jpg");
    if (jpeg.empty()) GTEST_SKIP() << "no data set jpeg_reference";
    const std::string ppm = harness::read_file(harness::data_path("jpeg_reference/" + name + ".ppm"));
    std::istringstream header(ppm);
    std::string magic;
    Image expected{0, 0, 3, {}};
    int most = 0;
    header >> magic >> expected.width >> expected.height >> most;
    ASSERT_EQ(magic, "P6");
    expected.pixels.assign(ppm.begin() + header.tellg() + 1, ppm.end());
    const Image got = read_image(jpeg);
    ASSERT_EQ(got.pixels.size(), expected.pixels.size());
    double sum = 0;
    for (size_t i = 0; i < got.pixels.size(); ++i) sum += std::abs(got.pixels[i] - expected.pixels[i]);
    EXPECT_LT(sum / static_cast<double>(got.pixels.size()), 1.0) << name;
    EXPECT_LE(largest_difference(got, expected), 40) << name;  // edges, where the other does not smooth the colours
  }
}

TEST(ImageFile, WhatIsWrittenIsReadBack) {
  for (const int channels : {1, 3}) {
    for (const auto& [height, width] : {std::pair(1, 1), std::pair(3, 5), std::pair(64, 64)}) {
      Image image{height, width, channels, {}};
      for (int i = 0; i < height * width * channels; ++i) image.pixels.push_back(static_cast<uint8_t>(7 * i));
      EXPECT_EQ(decode_image(encode_png(image), "x"), image);
    }
  }
  EXPECT_THAT(message_of<ValueError>([] { encode_png({0, 1, 1, {}}); }),
              testing::StartsWith("png: an image of 0 x 1 x 1 with 0 bytes cannot be written"));
  EXPECT_THROW(encode_png({1, 1, 2, {0, 0}}), ValueError);
  EXPECT_THROW(encode_png({1, 1, 3, {0, 0}}), ValueError);
}

TEST(ImageFile, LargePicturesAreRead) {
  Image image{8000, 8000, 1, std::vector<uint8_t>(64'000'000)};
  image.pixels.back() = 9;
  EXPECT_EQ(decode_image(encode_png(image), "x"), image);
}

TEST(ImageFile, SizesThatFilesOnlyClaimAllocateNothing) {
  std::string png = golden("grey8.png");
  png.replace(16, 8, std::string("\x7f\xff\xff\xff\x7f\xff\xff\xff", 8));
  EXPECT_THROW(decode_image(png, "x"), IoError);  // the checksum of the header
  std::string jpeg = golden("ycc420.jpg");
  const size_t frame = jpeg.find("\xff\xc0");
  ASSERT_NE(frame, jpeg.npos);
  jpeg.replace(frame + 5, 4, "\xfd\xe8\xfd\xe8");
  EXPECT_EQ(message_of<IoError>([&] { decode_image(jpeg, "x"); }),
            "jpeg: x has 65000 x 65000 pixels, at most 268435456 are read");
  jpeg.replace(frame + 5, 4, "\x1f\x40\x1f\x40");
  EXPECT_EQ(message_of<IoError>([&] { decode_image(jpeg, "x"); }),
            "jpeg: x is cut off: its 810 bytes cannot hold 8000 x 8000 pixels");
}

TEST(ImageFile, RefusalsNameFileAndFault) {
  const harness::TempFolder folder;
  harness::write_file(folder / "empty", "");
  harness::write_file(folder / "text", "GIF89a");
  EXPECT_EQ(message_of<IoError>([&] { read_image(folder / "empty"); }),
            "image: " + (folder / "empty").string() + " is empty");
  EXPECT_EQ(message_of<IoError>([&] { read_image(folder / "text"); }),
            "image: " + (folder / "text").string() + " is neither a PNG nor a JPEG picture");
  EXPECT_THAT(message_of<IoError>([&] { read_image(folder / "none"); }), testing::StartsWith("file: cannot open "));
  EXPECT_EQ(message_of<IoError>([&] { read_image(folder.path()); }),
            "file: " + folder.path().string() + " is not a regular file");
  const std::string png = golden("rgb8.png"), jpeg = golden("ycc420.jpg");
  EXPECT_EQ(message_of<IoError>([&] { decode_image(png.substr(0, 300), "x"); }), "png: x: the file is cut off");
  EXPECT_EQ(message_of<IoError>([&] { decode_image(jpeg.substr(0, jpeg.size() - 20), "x"); }),
            "jpeg: x: Premature end of JPEG file, at row 0 of 13");
  std::string flipped = png;
  flipped[200] = static_cast<char>(~flipped[200]);
  EXPECT_THAT(message_of<IoError>([&] { decode_image(flipped, "x"); }), testing::StartsWith("png: x: IDAT: "));
}

TEST(ImageFile, DamageNeverDoesMoreThanAnError) {
  const auto read = [](const std::string& bytes) { decode_image(bytes, "x"); };
  for (const std::string name : {"rgb8.png", "rgb8_adam7.png", "palette2_trns.png", "grey16.png"}) {
    EXPECT_GT(harness::survives_damage(golden(name), 300, read), 300) << name;
  }
  for (const std::string name : {"grey.jpg", "ycc420.jpg", "ycc444_progressive.jpg", "cmyk.jpg"}) {
    EXPECT_GT(harness::survives_damage(golden(name), 1000, read), 300) << name;
  }
}

/// grey.jpg as three components of equal content, each in scans of its own, `rounds` times over.
std::string in_scans(int rounds) {
  const std::string grey = golden("grey.jpg");
  const size_t frame = grey.find("\xff\xc0"), scan = grey.rfind("\xff\xda");
  constexpr size_t kFrameBytes = 13, kScanBytes = 10;  // with one component
  std::string bytes = grey.substr(0, scan);
  const std::string size = bytes.substr(frame + 5, 4);
  bytes.replace(frame, kFrameBytes,
                std::string("\xff\xc0\0\x11\x08", 5) + size + std::string("\3\1\x11\0\2\x11\0\3\x11\0", 10));
  const std::string data = grey.substr(scan + kScanBytes, grey.size() - 2 - scan - kScanBytes);
  for (int i = 0; i < 3 * rounds; ++i) {
    bytes += std::string("\xff\xda\0\x08\1", 5) + static_cast<char>(1 + i % 3) + std::string("\0\0\x3f\0", 4) + data;
  }
  return bytes + "\xff\xd9";
}

TEST(ImageFile, ScansWithoutEndAreRefused) {
  const Image grey = decode_image(golden("grey.jpg"), "x"), image = decode_image(in_scans(1), "x");
  EXPECT_EQ(image.channels, 3);
  EXPECT_EQ(image.width, grey.width);
  EXPECT_EQ(message_of<IoError>([&] { decode_image(in_scans(1000), "x"); }), "jpeg: x: more than 200 scans");
}

}  // namespace
}  // namespace triad::data
