#include "triad/data/scenes/grammar.h"

#include <algorithm>
#include <set>

#include <gtest/gtest.h>

#include "tests/harness/message_of.h"
#include "triad/core/base/error.h"

namespace triad::data {
namespace {

using harness::message_of;

TEST(Grammar, EverySentenceNamesItsScene) {
  std::set<std::string> openings;
  for (uint32_t i = 0; i < 5000; ++i) {
    RandomStream random(RandomKey{.seed = 1, .sample = i});
    const Scene scene = draw_scene(random, i % 2 == 0 ? PairRule::kSeen : PairRule::kWithUnseen);
    const std::string text = describe_scene(scene, random);
    EXPECT_EQ(parse_description(text), scene) << text;
    EXPECT_TRUE(std::all_of(text.begin(), text.end(), [](char c) {
      return (c >= 'a' && c <= 'z') || c == ' ' || c == ',';
    })) << text;
    openings.insert(text.substr(0, text.find(' ')));
  }
  EXPECT_GE(openings.size(), 10u);
}

TEST(Grammar, HasParaphrases) {
  const Scene scene{{{ObjectShape::kCircle, ObjectColour::kBlue, ObjectSize::kBig, 0},
                     {ObjectShape::kCross, ObjectColour::kBlack, ObjectSize::kSmall, 4}}};
  std::set<std::string> texts;
  for (uint32_t i = 0; i < 500; ++i) {
    RandomStream random(RandomKey{.seed = 1, .sample = i});
    texts.insert(describe_scene(scene, random));
  }
  EXPECT_GT(texts.size(), 300u);
}

TEST(Grammar, ReadsPlainSentences) {
  const Object circle{ObjectShape::kCircle, ObjectColour::kRed, ObjectSize::kSmall, 0};
  const Object star{ObjectShape::kStar, ObjectColour::kBlue, ObjectSize::kBig, 7};
  const Scene expected{{circle, star}};
  EXPECT_EQ(parse_description("i see a tiny red disc in the upper left and a big blue star at the bottom"), expected);
  EXPECT_EQ(parse_description("at the bottom a huge blue star and top left a small red circle"), expected);
  EXPECT_EQ(parse_description("a big blue star at the bottom, a little red circle top left."), expected);
}

TEST(Grammar, NamesTheWordThatDoesNotFit) {
  const auto message = [](std::string_view text) { return message_of<ValueError>([&] { parse_description(text); }); };
  EXPECT_EQ(message(""), "parse_description: expected \"a\" as word 1, got the end, in \"\"");
  EXPECT_EQ(message("there are"), "parse_description: expected \"is\" as word 2, got \"are\", in \"there are\"");
  EXPECT_EQ(message("a small pink star top left"),
            "parse_description: expected a colour as word 3, got \"pink\", in \"a small pink star top left\"");
  EXPECT_EQ(message("a small red star"),
            "parse_description: expected a place as word 5, got the end, in \"a small red star\"");
  EXPECT_EQ(message("a small red star top left and"),
            "parse_description: expected \"a\" as word 8, got the end, in \"a small red star top left and\"");
  EXPECT_EQ(message("a small red star top left and a big red ring top left"),
            "parse_description: object 1 is not in a later cell than the one before; objects are ordered by cell, one "
            "a cell");
  EXPECT_THROW(parse_description(std::string(100000, ' ').append("\xff\xfe")), ValueError);
}

}  // namespace
}  // namespace triad::data
