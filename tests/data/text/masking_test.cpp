#include "triad/data/text/masking.h"

#include <gtest/gtest.h>

#include "triad/core/base/error.h"

namespace triad::data {
namespace {

std::vector<int32_t> sentence(int64_t words) {
  std::vector<int32_t> ids = {2};
  for (int64_t i = 0; i < words; ++i) ids.push_back(static_cast<int32_t>(10 + i % 50));
  ids.push_back(3);
  return ids;
}

TEST(Masking, ChoosesTheShareAndNeverEnds) {
  for (const auto& [words, expected] : {std::pair<int64_t, size_t>{1, 1}, {3, 1}, {20, 3}, {100, 15}}) {
    std::vector<int32_t> ids = sentence(words);
    const auto chosen = mask_tokens(ids, {}, 60, 0.15, {.seed = 1});
    EXPECT_EQ(chosen.size(), expected);
    EXPECT_EQ(ids.front(), 2);
    EXPECT_EQ(ids.back(), 3);
    for (const MaskedToken& token : chosen)
      EXPECT_EQ(token.original, sentence(words)[static_cast<size_t>(token.position)]);
  }
}

TEST(Masking, ReplacesEightyTenTen) {
  int64_t masked = 0, kept = 0, total = 0;
  for (uint32_t sample = 0; sample < 2000; ++sample) {
    std::vector<int32_t> ids = sentence(40);
    for (const MaskedToken& token : mask_tokens(ids, {}, 1000, 0.15, {.seed = 7, .sample = sample})) {
      const int32_t now = ids[static_cast<size_t>(token.position)];
      EXPECT_NE(now, 0);
      masked += now == 4, kept += now == token.original, ++total;
    }
  }
  EXPECT_NEAR(static_cast<double>(masked) / static_cast<double>(total), 0.8, 0.015);
  EXPECT_NEAR(static_cast<double>(kept) / static_cast<double>(total), 0.1, 0.015);
}

TEST(Masking, EveryTokenIsAsLikelyToBeChosenAndEveryWordToReplaceIt) {
  constexpr int64_t kWords = 20, kVocabulary = 45;
  constexpr uint32_t kSamples = 20000;
  std::vector<double> chosen(kWords), replaced(kVocabulary);
  double replacements = 0;
  for (uint32_t sample = 0; sample < kSamples; ++sample) {
    std::vector<int32_t> ids(kWords, 44);  // one word, so that what replaces it shows
    for (const MaskedToken& token : mask_tokens(ids, {}, kVocabulary, 0.15, {.seed = 3, .sample = sample})) {
      const auto now = static_cast<size_t>(ids[static_cast<size_t>(token.position)]);
      ++chosen[static_cast<size_t>(token.position)];
      if (now != 4 && now != 44) ++replaced[now], ++replacements;
    }
  }
  for (const double count : chosen) EXPECT_NEAR(count / kSamples, 0.15, 0.0125);  // 5 standard deviations
  for (size_t id = 0; id < 44; ++id)
    EXPECT_NEAR(replaced[id] / replacements, id < 5 ? 0 : 1.0 / 39, id < 5 ? 0 : 0.011) << id;
}

TEST(Masking, IsAFunctionOfTheKey) {
  std::vector<int32_t> a = sentence(30), b = sentence(30), c = sentence(30);
  mask_tokens(a, {}, 60, 0.3, {.seed = 1, .step = 5, .sample = 9});
  mask_tokens(b, {}, 60, 0.3, {.seed = 1, .step = 5, .sample = 9});
  mask_tokens(c, {}, 60, 0.3, {.seed = 1, .step = 6, .sample = 9});
  EXPECT_EQ(a, b);
  EXPECT_NE(a, c);
}

TEST(Masking, NothingToMaskIsNothingMasked) {
  std::vector<int32_t> ids = {2, 3, 0, 0};
  EXPECT_TRUE(mask_tokens(ids, {}, 60, 0.15, {}).empty());
}

TEST(Masking, AVocabularyOfSpecialTokensIsRefused) {
  std::vector<int32_t> ids = {2, 1, 1, 1, 3};
  EXPECT_THROW(mask_tokens(ids, {}, 5, 0.15, {}), ValueError);  // there is no other id to draw
}

}  // namespace
}  // namespace triad::data
