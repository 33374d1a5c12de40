// Pieces of HTML that pages are made of. Everything is inline: a page needs no other file.
#pragma once

#include <string>
#include <string_view>

#include "triad/data/image/image.h"

namespace triad::train {

/// Text that may hold anything, as HTML text or as the value of an attribute in double quotes.
std::string escape_html(std::string_view text);
/// RFC 4648, section 4.
std::string base64(std::string_view bytes);
/// 0.4305 as "43.1 %", with a space that does not break.
std::string percent(double share);

/// <img> of a picture. `text` describes it to who cannot see it; `css_class` may be empty.
std::string picture_tag(const data::Image& picture, std::string_view text, std::string_view css_class = {});
/// <audio> with controls, of the bytes of a WAV file.
std::string sound_tag(std::string_view wav);

}  // namespace triad::train
