#include "triad/data/build/pair_list.h"

#include <gtest/gtest.h>

#include "tests/harness/message_of.h"
#include "triad/core/base/error.h"

namespace triad::data {
namespace {

using harness::message_of;

TEST(PairList, HoldsWhatTheLinesSay) {
  const PairList list = parse_pairs(R"({"image": "a/b.png", "text": "Gr\u00fc\u00dfe", "label": "x"})"
                                    "\r\n\n"
                                    R"({"audio": "/c.wav", "label": 3})",
                                    "LIST", "dir");
  ASSERT_EQ(list.pairs.size(), 2u);
  EXPECT_EQ(list.pairs[0].image, "dir/a/b.png");
  EXPECT_EQ(list.pairs[0].audio, "");
  EXPECT_EQ(list.pairs[0].text, "Gr\u00fc\u00dfe");
  EXPECT_EQ(list.pairs[0].label, 1);
  EXPECT_EQ(list.pairs[1].audio, "/c.wav");
  EXPECT_EQ(list.pairs[1].line, 3);
  EXPECT_EQ(list.pairs[1].label, 0);
  EXPECT_EQ(list.labels, (std::vector<std::string>{"3", "x"}));
}

TEST(PairList, IdentityIsGivenOrTheLabelOrWhatIsShown) {
  const auto identities = [](const char* text) {
    std::vector<int64_t> all;
    for (const ListedPair& pair : parse_pairs(text, "LIST", "").pairs) all.push_back(pair.identity);
    return all;
  };
  EXPECT_EQ(identities("{\"text\":\"a\",\"identity\":7}\n{\"text\":\"b\",\"identity\":\"7\"}\n{\"text\":\"a\"}"),
            (std::vector<int64_t>{0, 0, 1}));
  EXPECT_EQ(identities("{\"image\":\"a\",\"text\":\"x\"}\n{\"image\":\"a\",\"text\":\"y\"}\n{\"audio\":\"a\"}"),
            (std::vector<int64_t>{0, 0, 1}));
  EXPECT_EQ(
      identities(
          "{\"image\":\"a\",\"label\":\"x\"}\n{\"image\":\"b\",\"label\":\"x\"}\n{\"image\":\"a\",\"label\":\"y\"}"),
      (std::vector<int64_t>{0, 0, 1}));
}

TEST(PairList, RefusalsNameLineAndKey) {
  const auto refusal = [](const char* text) { return message_of<IoError>([&] { parse_pairs(text, "LIST", ""); }); };
  EXPECT_EQ(refusal(""), "data build: LIST lists no samples");
  EXPECT_EQ(refusal("\n[]"), "data build: LIST, line 2: not a JSON object");
  EXPECT_EQ(refusal("{}"), "data build: LIST, line 1: neither image, audio nor text");
  EXPECT_EQ(refusal("{\"txt\": \"a\"}"),
            "data build: LIST, line 1: unknown key 'txt'\n  hint: valid keys: image, audio, text, identity, label");
  EXPECT_EQ(refusal("{\"text\": \"\"}"), "data build: LIST, line 1: 'text' is not a text, or empty");
  EXPECT_EQ(refusal("{\"text\": \"a\", \"identity\": 1.5}"),
            "data build: LIST, line 1: 'identity' is 1.5, expected a text or a whole number below 2^64");
  EXPECT_EQ(
      refusal("{\"text\": \"a\", \"label\": 18446744073709551616}"),
      "data build: LIST, line 1: 'label' is 1.8446744073709552e+19, expected a text or a whole number below 2^64");
  EXPECT_EQ(refusal("{\"text\": \"a\", \"label\": true}"), "data build: LIST, line 1: 'label' is not a text, or empty");
  EXPECT_TRUE(
      refusal("{\"text\": \"a\"}\n{\"text\"").starts_with("data build: LIST, line 2: not JSON: syntax error while"));
  EXPECT_EQ(refusal("{\"text\": \"a\"}\n{\"text\": \"b\", \"label\": 1}"),
            "data build: LIST, line 2: a label, the lines before have none");
  EXPECT_EQ(refusal("{\"text\": \"a\", \"label\": 1}\n{\"text\": \"b\"}"),
            "data build: LIST, line 2: no label, the lines before have one");
  EXPECT_TRUE(refusal("{\"text\": \"a\xff\"}").starts_with("data build: LIST, line 1: not JSON: "));
}

}  // namespace
}  // namespace triad::data
