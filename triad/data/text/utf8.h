// UTF-8, to and from code points.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace triad::data {

/// A step through bytes that may be anything.
struct Utf8Step {
  int32_t code_point;  ///< -1 where the byte begins no character: overlong forms, surrogates and cut ends included
  size_t bytes;        ///< of the character; 1 where there is none
};

/// The character at the front of `text`, which must not be empty.
Utf8Step first_character(std::string_view text);

/// Appends a valid code point.
void append_utf8(std::string& text, int32_t code_point);

/// Byte offset of the first place that is not UTF-8, or -1.
int64_t find_invalid_utf8(std::string_view text);

/// `text` without the bytes that are not UTF-8.
std::string without_invalid_utf8(std::string_view text);

/// Bytes of the character whose first byte is `lead`, in valid UTF-8.
constexpr size_t character_bytes(char lead) {
  const auto byte = static_cast<unsigned char>(lead);
  return byte < 0x80 ? 1 : byte < 0xE0 ? 2 : byte < 0xF0 ? 3 : 4;
}

}  // namespace triad::data
