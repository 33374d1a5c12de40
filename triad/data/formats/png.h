// PNG pictures in memory.
#pragma once

#include <string>
#include <string_view>

#include "triad/data/image/image.h"

namespace triad::data {

/// True if `bytes` begin as a PNG file does.
bool looks_like_png(std::string_view bytes);

/// Decodes a PNG of any colour type, depth and interlacing: grey ones to 1 channel, the others to 3, 16 bits to 8.
/// Transparent pixels are laid over white. Values are taken as they are, without gamma. IoError naming `source` for
/// damaged or cut off files, and for more than kMaxPixels pixels.
Image decode_png(std::string_view bytes, const std::string& source);

/// A PNG of an image of 1 or 3 channels and at least one pixel (ValueError otherwise).
std::string encode_png(const Image& image);

}  // namespace triad::data
