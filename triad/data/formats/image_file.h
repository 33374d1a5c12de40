// Picture files.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>

#include "triad/data/image/image.h"

namespace triad::data {

/// The picture in a PNG or JPEG file, told apart by content and not by name. IoError naming the file: not there, empty,
/// another format, damaged, more than kMaxPixels pixels.
Image read_image(const std::filesystem::path& path);
/// The same from memory; `source` names it in messages.
Image decode_image(std::string_view bytes, const std::string& source);

}  // namespace triad::data
