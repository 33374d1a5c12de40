#include "triad/data/text/utf8.h"

#include <gtest/gtest.h>

namespace triad::data {
namespace {

TEST(Utf8, InvalidBytesAreFound) {
  EXPECT_EQ(find_invalid_utf8(""), -1);
  EXPECT_EQ(find_invalid_utf8("Grüße, 水 \U0001f600"), -1);
  EXPECT_EQ(find_invalid_utf8("ab\xff"), 2);
  EXPECT_EQ(find_invalid_utf8("a\xc3"), 1);
  EXPECT_EQ(find_invalid_utf8("\xed\xa0\x80"), 0);      // a surrogate
  EXPECT_EQ(find_invalid_utf8("\xc0\x80"), 0);          // NUL in two bytes
  EXPECT_EQ(find_invalid_utf8("\xf4\x90\x80\x80"), 0);  // beyond U+10FFFF
}

TEST(Utf8, InvalidBytesAreLeftOut) {
  EXPECT_EQ(without_invalid_utf8("a\xff\xc3"
                                 "b\xe4\xbd\xa0\xe4\xbd"),
            "ab\u4f60");
  EXPECT_EQ(without_invalid_utf8("\x80\x80"), "");
}

TEST(Utf8, CodePointsSurviveARoundTrip) {
  for (const int32_t c : {0, 0x7f, 0x80, 0x7ff, 0x800, 0xffff, 0x10000, 0x10ffff}) {
    std::string text;
    append_utf8(text, c);
    const Utf8Step step = first_character(text);
    EXPECT_EQ(step.code_point, c);
    EXPECT_EQ(step.bytes, text.size());
    EXPECT_EQ(character_bytes(text.front()), text.size());
  }
}

}  // namespace
}  // namespace triad::data
