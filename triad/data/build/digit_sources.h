// MNIST and the Free Spoken Digit Dataset as they are published, read into memory with the part each sample belongs to.
#pragma once

#include <array>
#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "triad/core/base/shape.h"
#include "triad/data/build/part.h"

namespace triad::data {

/// Pictures of one size, all in one buffer.
struct DigitImages {
  struct Entry {
    int digit;
    Part part;
  };

  Shape shape;  ///< of one picture: [1, height, width]
  std::vector<uint8_t> pixels;
  std::vector<Entry> entries;
  std::vector<std::string> sources;  ///< files, as describe_source() names them

  const uint8_t* pixels_of(size_t index) const { return pixels.data() + index * static_cast<size_t>(shape.numel()); }
};

/// Every pair PREFIX-images-idx3-ubyte[.gz] and PREFIX-labels-idx1-ubyte[.gz] below `folder`. Of a pair whose prefix
/// begins with "train", the last twelfth is for validation (5 000 of MNIST's 60 000); any other pair is for test.
/// IoError naming the file for images without labels, counts that differ, pictures of several sizes, labels above 9, or
/// no pair at all.
DigitImages read_digit_images(const std::filesystem::path& folder);

struct DigitClips {
  struct Entry {
    int digit;
    Part part;
    int64_t speaker;  ///< index into `speakers`
    std::vector<int16_t> samples;
  };

  std::vector<Entry> entries;
  std::vector<std::string> speakers;
  std::string source;  ///< number, bytes and checksum of all files
};

/// Every DIGIT_SPEAKER_INDEX.wav below `folder`, at `sample_rate`, of at most ten seconds. INDEX 0 to 4 is for test, as
/// the data set's authors say; 5 to 9 for validation; the others for training. IoError naming the file for a damaged
/// one, or if there is none.
DigitClips read_digit_clips(const std::filesystem::path& folder, int sample_rate);

}  // namespace triad::data
