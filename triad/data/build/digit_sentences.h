// Sentences about a digit.
#pragma once

#include <array>
#include <string>
#include <string_view>
#include <vector>

namespace triad::data {

inline constexpr std::array<std::string_view, 10> kDigitNames = {"zero", "one", "two",   "three", "four",
                                                                 "five", "six", "seven", "eight", "nine"};

/// Which forms of sentences: those trained on, or those held out. No form is in both.
enum class SentencePart { kTraining, kHeldOut };

/// Every sentence of a part about `digit` (0 to 9), with the digit in words and as a numeral, in a fixed order.
/// ValueError for another digit.
std::vector<std::string> digit_sentences(int digit, SentencePart part);

}  // namespace triad::data
