// The same ids as Hugging Face's BertTokenizer, which scripts/golden/bert_tokenizer.py wrote down.
#include <fstream>
#include <map>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "tests/harness/data_path.h"
#include "triad/core/base/error.h"
#include "triad/data/formats/durable_file.h"
#include "triad/data/text/utf8.h"
#include "triad/data/text/wordpiece.h"
#include "triad/data/text/words.h"

namespace triad::data {
namespace {

using harness::data_path;
using nlohmann::json;
using Ids = std::vector<int32_t>;

const json& golden() {
  static const json all = json::parse(std::ifstream(harness::golden_path("tokenizers/bert.json")));
  return all;
}

uint32_t digest(const Ids& ids) {
  return crc32_of({reinterpret_cast<const char*>(ids.data()), ids.size() * sizeof(int32_t)});
}

class BertParity : public testing::Test {
 protected:
  void SetUp() override {
    const auto vocabulary = data_path("tokenizers/bert-base-uncased-vocab.txt");
    if (vocabulary.empty()) GTEST_SKIP() << "no tokenizers/bert-base-uncased-vocab.txt";
    uncased_.emplace(WordPiece::load(vocabulary));
    cased_.emplace(WordPiece::load(vocabulary, false));
  }

  std::optional<WordPiece> uncased_, cased_;
};

TEST_F(BertParity, CasesChosenByHand) {
  ASSERT_GE(golden()["cases"].size(), 50u);
  for (const json& c : golden()["cases"]) {
    const auto text = c["text"].get<std::string>();
    EXPECT_EQ(uncased_->encode(text), c["uncased"].get<Ids>()) << "uncased: " << text;
    EXPECT_EQ(cased_->encode(text), c["cased"].get<Ids>()) << "cased: " << text;
  }
}

TEST_F(BertParity, AThousandSentencesOfEveryScript) {
  const auto folder = data_path("udhr");
  if (folder.empty()) GTEST_SKIP() << "no data set udhr";
  std::map<std::string, std::vector<std::string>> files;
  ASSERT_EQ(golden()["sentences"].size(), 1000u);
  for (const json& sentence : golden()["sentences"]) {
    const auto name = sentence[0].get<std::string>();
    std::vector<std::string>& lines = files[name];
    if (lines.empty()) {
      std::ifstream in(folder / name, std::ios::binary);
      for (std::string line; std::getline(in, line);) lines.push_back(line);
    }
    const std::string& text = lines.at(sentence[1].get<size_t>());
    const Ids ids = uncased_->encode(text);
    EXPECT_EQ(ids.size(), sentence[2].get<size_t>()) << name << ": " << text;
    EXPECT_EQ(digest(ids), sentence[3].get<uint32_t>()) << name << ": " << text;
    EXPECT_EQ(digest(cased_->encode(text)), sentence[4].get<uint32_t>()) << name << ", cased: " << text;
  }
}

// Pages of 4096 code points, each between two letters; the digest is of the words, a line each.
TEST(BertWords, EveryAssignedCharacterIsTreatedAlike) {
  ASSERT_GE(golden()["pages"].size(), 60u);
  for (const json& page : golden()["pages"]) {
    const auto first = page["first"].get<int32_t>();
    const auto skip = page["skip"].get<std::vector<int32_t>>();
    for (const bool lowercase : {false, true}) {
      uint32_t crc = 0;
      size_t gap = 0;
      for (int32_t c = first; c < first + 0x1000; ++c) {
        while (gap < skip.size() && c > skip[gap + 1]) gap += 2;
        if (gap < skip.size() && c >= skip[gap]) continue;
        std::string text = "a";
        append_utf8(text, c);
        for_each_word(text + "b", lowercase, [&](std::string_view word) { crc = crc32_of(str(word, "\n"), crc); });
      }
      EXPECT_EQ(crc, page[lowercase ? "uncased" : "cased"].get<uint32_t>()) << "page " << std::hex << first;
    }
  }
}

}  // namespace
}  // namespace triad::data
