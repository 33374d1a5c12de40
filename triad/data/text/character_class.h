// What BERT's splitting of text into words asks about a character.
#pragma once

#include <cstdint>

namespace triad::data {

// The classes are those of Hugging Face's tokenizers, which follow Unicode 8: a later character is a letter there. They
// are tables of our own and not the categories of a library, because the ids of a text must be the same on every
// system.

/// White space, separators of lines and paragraphs included.
bool is_white_space(int32_t code_point);
/// Control and format characters, private use and U+FFFD; white space is none of them.
bool is_dropped(int32_t code_point);
/// Punctuation, and all of ASCII that is neither letter, digit, space nor control.
bool is_punctuation(int32_t code_point);
/// Marks without a width, such as accents after decomposition.
bool is_mark(int32_t code_point);
/// The blocks BERT splits into single characters. Hangul and Kana are not among them, they stay words.
bool is_ideograph(int32_t code_point);

}  // namespace triad::data
