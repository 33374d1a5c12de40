#include "triad/data/image/picture_file.h"

#include "triad/data/formats/image_file.h"
#include "triad/data/image/layout.h"
#include "triad/data/image/transform.h"

namespace triad::data {

std::vector<uint8_t> read_picture(const std::filesystem::path& file, int channels, int height, int width) {
  return planes_of(resize_to_cover(to_channels(read_image(file), channels), height, width));
}

}  // namespace triad::data
