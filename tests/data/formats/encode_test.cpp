// What we write ourselves is read back as it was.
#include <fstream>

#include <gtest/gtest.h>

#include "tests/harness/data_path.h"
#include "triad/data/audio/pcm.h"
#include "triad/data/formats/sound.h"
#include "triad/data/image/layout.h"

namespace triad::data {
namespace {

TEST(EncodeWav, IsReadBackAsItWas) {
  const harness::TempFolder folder;
  for (const std::vector<int16_t>& samples : {std::vector<int16_t>{0, 1, -1, 32767, -32768}, std::vector<int16_t>{}}) {
    std::ofstream(folder / "sound.wav", std::ios::binary) << encode_wav(samples, 8000);
    const Waveform sound = read_waveform(folder / "sound.wav");
    EXPECT_EQ(sound.sample_rate, 8000);
    EXPECT_EQ(to_pcm16(sound.samples), samples);
  }
}

TEST(Layout, PlanesOfAnImageAreTheImage) {
  Image image{2, 3, 3, {}};
  for (int i = 0; i < 18; ++i) image.pixels.push_back(static_cast<uint8_t>(i));
  EXPECT_EQ(planes_of(image)[6], 1);  // the first green after all six reds
  EXPECT_EQ(image_of(planes_of(image), 3, 2, 3), image);
}

}  // namespace
}  // namespace triad::data
