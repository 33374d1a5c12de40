#include "triad/data/text/sentencepiece.h"

#include <algorithm>
#include <set>
#include <sstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sentencepiece_processor.h>

#include "tests/data/text/sentencepiece_model.h"
#include "tests/harness/damage.h"
#include "tests/harness/data_path.h"
#include "tests/harness/message_of.h"
#include "triad/core/base/error.h"

namespace triad::data {
namespace {

using harness::message_of;
using harness::TempFolder;
using testing::HasSubstr;
using testing::StartsWith;

const std::string& model() {
  static const std::string trained = trained_model();
  return trained;
}

TEST(SentencePiece, GivesTheIdsOfTheLibrary) {
  const SentencePiece tokenizer(model());
  sentencepiece::SentencePieceProcessor library;
  ASSERT_TRUE(library.LoadFromSerializedProto(model()).ok());
  for (const std::string text :
       {"the red circle", "a  Square above\tthe triangle", "Gr\u00fc\u00dfe \u4f60\u597d", "zzz", ""}) {
    const std::vector<int> expected = library.EncodeAsIds(text);
    EXPECT_EQ(tokenizer.encode(text), expected) << text;
  }
  EXPECT_GT(tokenizer.encode("the red circle").size(), 0u);
  EXPECT_EQ(tokenizer.decode(tokenizer.encode("the red circle, above it")), "the red circle, above it");
}

TEST(SentencePiece, SpecialTokensTheModelLacksFollowItsPieces) {
  const SentencePiece tokenizer(model());  // has <unk>, <s> and </s>
  const SpecialTokens& special = tokenizer.special();
  EXPECT_EQ(special.unknown, 0);
  EXPECT_EQ(special.cls, 1);
  EXPECT_EQ(special.sep, 2);
  EXPECT_EQ(special.pad, tokenizer.vocabulary_size() - 2);
  EXPECT_EQ(special.mask, tokenizer.vocabulary_size() - 1);
  std::vector<int32_t> ids = tokenizer.encode_with_ends("the red", 20);
  EXPECT_EQ(ids.front(), 1);
  EXPECT_EQ(ids.back(), 2);
  ids.push_back(special.mask);
  ids.push_back(special.pad);
  EXPECT_EQ(tokenizer.decode(ids), "<s> the red </s> [MASK] [PAD]");
  EXPECT_EQ(tokenizer.decode(std::vector<int32_t>{0}), "<unk>");
  EXPECT_EQ(message_of<ValueError>([&] { tokenizer.decode(std::vector<int32_t>{special.mask + 1}); }),
            str("decode: id ", special.mask + 1, " is outside of a vocabulary of ", special.mask + 1));
  EXPECT_THROW(tokenizer.decode(std::vector<int32_t>{-1}), ValueError);
}

TEST(SentencePiece, SpecialTokensOfTheModelAreUsed) {
  const SentencePiece tokenizer(trained_model("--control_symbols=[PAD],[CLS],[SEP],[MASK] --bos_id=-1 --eos_id=-1"));
  sentencepiece::SentencePieceProcessor library;
  const SpecialTokens& special = tokenizer.special();
  const std::set<int32_t> ids = {special.pad, special.unknown, special.cls, special.sep, special.mask};
  EXPECT_EQ(ids, (std::set<int32_t>{0, 1, 2, 3, 4}));
  EXPECT_EQ(tokenizer.decode(std::vector<int32_t>{special.cls, special.mask}), "[CLS] [MASK]");
  EXPECT_EQ(SentencePiece(trained_model("--bos_id=-1")).special().cls,
            SentencePiece(trained_model("--bos_id=-1")).vocabulary_size() - 2);  // before [MASK]
}

TEST(SentencePiece, AnyBytesAreText) {
  const SentencePiece tokenizer(model());
  EXPECT_EQ(tokenizer.encode("the\xff red\xe4\xbd"), tokenizer.encode("the red"));
  EXPECT_TRUE(tokenizer.encode("\xff\xfe").empty());
  tokenizer.encode(std::string("a\0b", 3));
  EXPECT_GT(tokenizer.encode(std::string(200'000, 'x')).size(), 0u);
}

TEST(SentencePiece, EveryTruncationIsAnError) {
  for (size_t size = 0; size < model().size(); size += size < 600 ? 1 : 97) {
    EXPECT_THROW(SentencePiece(model().substr(0, size)), ValueError) << size;
  }
  size_t pieces = 0;  // bytes; each is a tag, a length below 128 and as many bytes
  while (model()[pieces] == 0x0a) pieces += 2 + static_cast<size_t>(model()[pieces + 1]);
  EXPECT_EQ(message_of<ValueError>([&] { SentencePiece(model().substr(0, pieces)); }),
            "SentencePiece: the model is cut off");
  EXPECT_EQ(message_of<ValueError>([] { SentencePiece("no model"); }), "SentencePiece: the model is damaged");
  EXPECT_EQ(message_of<ValueError>([] { SentencePiece(std::string_view("\x12\0\x1a\0", 4)); }),
            "SentencePiece: this is no model, or a damaged one");
}

TEST(SentencePiece, ANormaliserThatLeadsOutOfItsTableIsRefused) {
  const size_t root =
      model().find("nmt_nfkc") + 8 + 1 + 3 + 4;  // behind tag, length and size of the table of that name
  std::string hostile = model();
  hostile.replace(root, 4, "\xff\xff\xff\x7f");
  EXPECT_EQ(message_of<ValueError>([&] { SentencePiece{hostile}; }),
            "SentencePiece: the table of its normaliser leads out of it");
}

TEST(SentencePiece, DamageNeverDoesMoreThanAnError) {
  const int refused = harness::survives_damage(model(), 500, [](const std::string& bytes) {
    const auto tokenizer = parse_tokenizer("x.model", bytes);
    tokenizer->decode(tokenizer->encode("the red circle \u4f60\u597d \u00e9 x"));
  });
  EXPECT_GT(refused, 300);
}

TEST(SentencePiece, DamagedFilesAreNamed) {
  const TempFolder folder;
  harness::write_file(folder / "a.model", model().substr(0, 100));
  EXPECT_THAT(message_of<IoError>([&] { SentencePiece::load(folder / "a.model"); }),
              StartsWith((folder / "a.model").string() + ": SentencePiece: "));
  EXPECT_THAT(message_of<IoError>([&] { SentencePiece::load(folder / "none"); }), HasSubstr("No such file"));
  EXPECT_THAT(message_of<IoError>([&] { SentencePiece::load(folder.path()); }), HasSubstr("is not a regular file"));
}

TEST(SentencePiece, ReadsPublishedModels) {
  for (const auto& [name, text] : {std::pair("spm_test_model", "spm_botchan_en.txt"),
                                   std::pair("spm_test_ja_model", "wagahaiwa_nekodearu_ja.txt")}) {
    const auto path = harness::data_path(std::string("tokenizers/") + name + ".model"),
               book = harness::data_path(std::string("tokenizers/") + text);
    if (path.empty() || book.empty()) GTEST_SKIP() << "no data set tokenizers";
    const SentencePiece tokenizer = SentencePiece::load(path);
    sentencepiece::SentencePieceProcessor library;
    ASSERT_TRUE(library.Load(path.string()).ok());
    EXPECT_EQ(tokenizer.vocabulary_size(), library.GetPieceSize() + 2);
    std::istringstream lines(harness::read_file(book));
    int64_t checked = 0, unknown = 0, pieces = 0;
    for (std::string line; checked < 1000 && std::getline(lines, line); ++checked) {
      const std::vector<int32_t> ids = tokenizer.encode(line);
      EXPECT_EQ(ids, library.EncodeAsIds(line)) << line;
      unknown += std::ranges::count(ids, 0);
      pieces += std::ssize(ids);
    }
    EXPECT_GE(checked, 1000);
    EXPECT_LT(unknown * 50, pieces) << name;  // the text the model was trained on
  }
}

TEST(Tokenizer, IsToldByTheNameOfItsFile) {
  EXPECT_EQ(parse_tokenizer("a.model", model())->special().cls, 1);
  EXPECT_EQ(parse_tokenizer("vocab.txt", "[PAD]\n[UNK]\n[CLS]\n[SEP]\n[MASK]\nhi\n")->encode("hi").front(), 5);
  EXPECT_THAT(message_of<IoError>([] { parse_tokenizer("dir/vocab.txt", model()); }),
              StartsWith("dir/vocab.txt: WordPiece: "));
  EXPECT_THAT(message_of<IoError>([] { parse_tokenizer("x.model", "[PAD]\n"); }),
              StartsWith("x.model: SentencePiece: "));
}

}  // namespace
}  // namespace triad::data
