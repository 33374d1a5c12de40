// Picture files as data sets hold pictures: of one shape, channels apart.
#pragma once

#include <cstdint>
#include <filesystem>
#include <vector>

namespace triad::data {

/// The middle of the picture in a file, resized: bytes [channels, height, width]. IoError as of read_image(), ValueError
/// as of to_channels() and resize().
std::vector<uint8_t> read_picture(const std::filesystem::path& file, int channels, int height, int width);

}  // namespace triad::data
