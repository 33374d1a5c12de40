#include "triad/data/build/digit_sentences.h"

#include "triad/core/base/error.h"

namespace triad::data {
namespace {

/// '#' stands for the digit, '@' for its article.
constexpr std::string_view kForms[] = {
    "#",
    "the digit #",
    "the number #",
    "@ #",
    "this is @ #",
    "this is the digit #",
    "it is the number #",
    "a handwritten #",
    "a handwritten digit, #",
    "a picture of @ #",
    "a picture of the digit #",
    "an image of the number #",
    "someone wrote @ #",
    "someone says #",
    "the spoken digit #",
    "a voice says #",
    "the word is #",
    "here is @ #",
    "here we have the number #",
    "you can see @ #",
    "you can hear the number #",
    "i think it is @ #",
    "that looks like @ #",
    "that sounds like @ #",
    "the answer is #",
    "the last digit is #",
    "please count to #",
    "please press #",
    "now dial #",
    "open page #",
    "room number #",
    "line #",
    "take bus number #",
    "# is the digit",
    "# is what it says",
    "write down @ #",
};
/// Every sixth form is held out.
constexpr size_t kHeldOutEvery = 6;

std::string fill(std::string_view form, std::string_view name, std::string_view article) {
  std::string sentence;
  for (const char c : form) {
    if (c == '#') sentence += name;
    else if (c == '@') sentence += article;
    else sentence += c;
  }
  return sentence;
}

}  // namespace

std::vector<std::string> digit_sentences(int digit, SentencePart part) {
  require<ValueError>(digit >= 0 && digit <= 9, "digit_sentences", digit, " is no digit");
  const std::string_view article = digit == 8 ? "an" : "a";
  std::vector<std::string> sentences;
  size_t index = 0;
  for (const std::string_view form : kForms) {
    const bool held_out = index++ % kHeldOutEvery == kHeldOutEvery - 1;
    if (held_out != (part == SentencePart::kHeldOut)) continue;
    sentences.push_back(fill(form, kDigitNames[static_cast<size_t>(digit)], article));
    sentences.push_back(fill(form, std::to_string(digit), article));
  }
  return sentences;
}

}  // namespace triad::data
