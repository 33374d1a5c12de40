// Text as words, the way BERT sees them before it looks for pieces.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace triad::data {

/// Calls visit(word) for the words of `text` in order. Characters of the class is_dropped() and bytes that are not
/// UTF-8 are left out; words end at white space, and punctuation and ideographs are words of their own. With
/// `lowercase`, text is decomposed (NFD), loses its marks, and its letters are lowered one by one. The words are valid
/// UTF-8 and not empty. Equal to Hugging Face's BertNormalizer and BertPreTokenizer for every character of Unicode 14
/// but U+11938.
void for_each_word(std::string_view text, bool lowercase, const std::function<void(std::string_view word)>& visit);

std::vector<std::string> split_words(std::string_view text, bool lowercase);

}  // namespace triad::data
