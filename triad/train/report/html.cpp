#include "triad/train/report/html.h"

#include <cstdint>
#include <cstdio>

#include "triad/core/base/error.h"
#include "triad/data/formats/png.h"

namespace triad::train {

std::string escape_html(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (c == '&') out += "&amp;";
    else if (c == '<') out += "&lt;";
    else if (c == '>') out += "&gt;";
    else if (c == '"') out += "&quot;";
    else if (static_cast<unsigned char>(c) < ' ' && c != '\n') out += ' ';  // HTML allows no control characters
    else out += c;
  }
  return out;
}

std::string base64(std::string_view bytes) {
  constexpr std::string_view kDigits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string out;
  out.reserve((bytes.size() + 2) / 3 * 4);
  for (size_t i = 0; i < bytes.size(); i += 3) {
    const auto byte = [&](size_t j) { return i + j < bytes.size() ? static_cast<uint8_t>(bytes[i + j]) : uint32_t{0}; };
    const uint32_t group = byte(0) << 16 | byte(1) << 8 | byte(2);
    for (size_t digit = 0; digit < 4; ++digit)
      out += i + digit <= bytes.size() ? kDigits[group >> (18 - 6 * digit) & 63] : '=';
  }
  return out;
}

std::string percent(double share) {
  char text[16];
  std::snprintf(text, sizeof text, "%.1f\u00a0%%", 100 * share);
  return text;
}

std::string picture_tag(const data::Image& picture, std::string_view text, std::string_view css_class) {
  const std::string css = css_class.empty() ? "" : str(" class=\"", css_class, "\"");
  return str("<img", css, " width=\"", picture.width, "\" height=\"", picture.height, "\" alt=\"", escape_html(text),
             "\" title=\"", escape_html(text), "\" src=\"data:image/png;base64,", base64(data::encode_png(picture)),
             "\">");
}

std::string sound_tag(std::string_view wav) {
  return str("<audio controls preload=\"metadata\" src=\"data:audio/wav;base64,", base64(wav), "\"></audio>");
}

}  // namespace triad::train
