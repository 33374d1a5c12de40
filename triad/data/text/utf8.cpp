#include "triad/data/text/utf8.h"

#include <utf8proc.h>

namespace triad::data {

Utf8Step first_character(std::string_view text) {
  const auto lead = static_cast<unsigned char>(text.front());
  if (lead < 0x80) return {lead, 1};
  utf8proc_int32_t point = 0;
  const utf8proc_ssize_t length = utf8proc_iterate(reinterpret_cast<const utf8proc_uint8_t*>(text.data()),
                                                   static_cast<utf8proc_ssize_t>(text.size()), &point);
  return length > 0 ? Utf8Step{point, static_cast<size_t>(length)} : Utf8Step{-1, 1};
}

void append_utf8(std::string& text, int32_t code_point) {
  utf8proc_uint8_t bytes[4];
  const utf8proc_ssize_t length = utf8proc_encode_char(code_point, bytes);
  text.append(reinterpret_cast<const char*>(bytes), static_cast<size_t>(length));
}

int64_t find_invalid_utf8(std::string_view text) {
  for (size_t at = 0; at < text.size();) {
    const Utf8Step step = first_character(text.substr(at));
    if (step.code_point < 0) return static_cast<int64_t>(at);
    at += step.bytes;
  }
  return -1;
}

std::string without_invalid_utf8(std::string_view text) {
  std::string valid;
  for (; !text.empty(); text.remove_prefix(first_character(text).bytes)) {
    const Utf8Step step = first_character(text);
    if (step.code_point >= 0) valid.append(text.substr(0, step.bytes));
  }
  return valid;
}

}  // namespace triad::data
