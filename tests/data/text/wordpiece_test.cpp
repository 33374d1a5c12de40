#include "triad/data/text/wordpiece.h"

#include <fstream>

#include <gtest/gtest.h>

#include "tests/harness/data_path.h"
#include "tests/harness/message_of.h"
#include "triad/core/base/error.h"
#include "triad/data/text/words.h"

namespace triad::data {
namespace {

WordPiece small() {
  return WordPiece({"[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "un", "##aff", "##able", "want", "##ed", ",", "runn",
                    "##ing", "naive"});
}

TEST(WordPiece, TakesTheLongestPiecesFromTheLeft) {
  EXPECT_EQ(small().encode("wanted, unaffable running"), (std::vector<int32_t>{8, 9, 10, 5, 6, 7, 11, 12}));
  EXPECT_EQ(small().encode("Naïve"), (std::vector<int32_t>{13}));
  EXPECT_EQ(small().encode("wanting"), (std::vector<int32_t>{8, 12}));
  EXPECT_EQ(small().encode("wantx"), (std::vector<int32_t>{1}));
}

TEST(WordPiece, WordsAreSplitAsBertDoes) {
  EXPECT_EQ(split_words("Hello,\tWorld! \u4f60\u597d x\u0000y", true),
            (std::vector<std::string>{"hello", ",", "world", "!", "\u4f60", "\u597d", "x"}));
  EXPECT_EQ(split_words("\u00c4\u00d6 caf\u00e9 $5", true), (std::vector<std::string>{"ao", "cafe", "$", "5"}));
  EXPECT_EQ(split_words("\u00c4b", false), (std::vector<std::string>{"\u00c4b"}));
  EXPECT_TRUE(split_words(" \n\t ", true).empty());
}

TEST(WordPiece, BrokenUtf8IsLeftOut) {
  EXPECT_EQ(split_words("ab\xff\xfe"
                        "cd \xe4\xbd",
                        true),
            (std::vector<std::string>{"abcd"}));
}

TEST(WordPiece, EndsAreAddedAndLongTextsCut) {
  EXPECT_EQ(small().encode_with_ends("wanted running", 5), (std::vector<int32_t>{2, 8, 9, 11, 3}));
  EXPECT_EQ(small().encode_with_ends("", 5), (std::vector<int32_t>{2, 3}));
  EXPECT_EQ(small().decode(std::vector<int32_t>{2, 8, 9, 3}), "[CLS] wanted [SEP]");
}

TEST(WordPiece, DamagedVocabulariesAreRefused) {
  EXPECT_EQ(harness::message_of<ValueError>([] { WordPiece({"[PAD]", "a", "a"}); }),
            "WordPiece: line 3 of the vocabulary repeats 'a'");
  EXPECT_EQ(harness::message_of<ValueError>([] { WordPiece({"[PAD]", "", "a"}); }),
            "WordPiece: line 2 of the vocabulary is empty");
  EXPECT_EQ(harness::message_of<ValueError>([] { WordPiece({"[PAD]"}); }), "WordPiece: the vocabulary has no [UNK]");
  EXPECT_EQ(harness::message_of<IoError>([] { WordPiece::load("/nowhere/vocab.txt"); }),
            "file: cannot open /nowhere/vocab.txt: No such file or directory");
}

TEST(WordPiece, CapitalLettersInAVocabularyDecideTheCase) {
  const std::string special = "[PAD]\n[UNK]\n[CLS]\n[SEP]\n[MASK]\n";
  EXPECT_TRUE(WordPiece::parse(special + "\u211d\nhi\n").lowercase());  // a letter form that has no small one
  EXPECT_FALSE(WordPiece::parse(special + "hi\nHi").lowercase());
  EXPECT_TRUE(WordPiece::parse(special + "Hi", true).lowercase());
  EXPECT_EQ(WordPiece::parse(special + "hi\r\nHi\r\n").encode("Hi hi"), (std::vector<int32_t>{6, 5}));
  EXPECT_EQ(WordPiece::parse(special + "hi\r\r\n").vocabulary(), special + "hi\n");
}

TEST(WordPiece, DamagedFilesAreNamed) {
  const harness::TempFolder folder;
  const auto path = folder / "vocab.txt";
  const auto message = [&](std::string_view content) {
    std::ofstream(path, std::ios::binary) << content;
    return harness::message_of<IoError>([&] { WordPiece::load(path); });
  };
  EXPECT_EQ(message("[PAD]\nab\xff\n"), path.string() + ": WordPiece: line 2 of the vocabulary is not UTF-8");
  EXPECT_EQ(message("[PAD]\n\n"), path.string() + ": WordPiece: line 2 of the vocabulary is empty");
  EXPECT_EQ(message(""), path.string() + ": WordPiece: the vocabulary has no [PAD]");
}

TEST(WordPiece, LongRunsOfMarksTakeLinearTime) {
  std::string marks = "a";
  for (int i = 0; i < 300000; ++i) marks += i % 2 ? "\u0323" : "\u0301";  // in the wrong order throughout
  EXPECT_EQ(split_words(marks + "b", true), (std::vector<std::string>{"ab"}));
}

TEST(WordPiece, MarksThatStayAreInCanonicalOrder) {
  // U+302F and U+1D165 have a width, so they are no marks to BERT; their combining classes are 224 and 216.
  EXPECT_EQ(split_words("a\u302f\u0301\U0001d165", true), (std::vector<std::string>{"a\U0001d165\u302f"}));
}

TEST(WordPiece, TrainingFindsFrequentWordsAndCoversTheText) {
  std::vector<std::string> texts;
  for (int i = 0; i < 50; ++i) texts.push_back("the red circle is above the blue square");
  texts.push_back("zygote");
  const WordPiece trained = train_wordpiece(texts, {.vocabulary_size = 120});
  for (const char* word : {"the", "red", "circle", "above", "square"})
    EXPECT_EQ(trained.encode(word).size(), 1u) << word;
  for (const int32_t id : trained.encode("zygote")) EXPECT_NE(id, trained.special().unknown);
  EXPECT_EQ(trained.special().pad, 0);
  EXPECT_EQ(train_wordpiece(texts, {.vocabulary_size = 120}).vocabulary(), trained.vocabulary());
}

TEST(WordPiece, AnAlphabetLargerThanTheVocabularyKeepsItsMostFrequentCharacters) {
  const WordPiece trained = train_wordpiece({"aaaa bbb cc d"}, {.vocabulary_size = 8});
  EXPECT_EQ(trained.vocabulary_size(), 8);
  EXPECT_EQ(trained.encode("d"), (std::vector<int32_t>{trained.special().unknown}));
}

TEST(WordPiece, BertVocabularyGivesTheIdsOfThePaper) {
  const auto path = harness::data_path("tokenizers/bert-base-uncased-vocab.txt");
  if (path.empty()) GTEST_SKIP() << "no tokenizers/bert-base-uncased-vocab.txt";
  const WordPiece bert = WordPiece::load(path);
  EXPECT_EQ(bert.vocabulary_size(), 30522);
  EXPECT_EQ(bert.encode("hello world"), (std::vector<int32_t>{7592, 2088}));
}

}  // namespace
}  // namespace triad::data
