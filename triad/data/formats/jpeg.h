// JPEG pictures in memory.
#pragma once

#include <string>
#include <string_view>

#include "triad/data/image/image.h"

namespace triad::data {

/// True if `bytes` begin as a JPEG file does.
bool looks_like_jpeg(std::string_view bytes);

/// Decodes a baseline or progressive JPEG: grey ones to 1 channel, the others (YCbCr, RGB, CMYK, YCCK) to 3. The turn
/// that a camera notes in EXIF is not applied. IoError naming `source` for whatever libjpeg warns of (a file that is cut
/// off, damaged data, which it would fill with grey) and for more than kMaxPixels pixels.
Image decode_jpeg(std::string_view bytes, const std::string& source);

}  // namespace triad::data
