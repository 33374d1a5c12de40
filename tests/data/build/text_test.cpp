#include <algorithm>
#include <fstream>
#include <set>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/harness/data_path.h"
#include "tests/harness/message_of.h"
#include "triad/core/base/philox.h"
#include "triad/data/build/builder.h"
#include "triad/data/build/prose.h"
#include "triad/data/shards/sharded_dataset.h"
#include "triad/data/text/utf8.h"

namespace triad::data {
namespace {

using harness::data_path;
using harness::message_of;
using harness::TempFolder;
using testing::ElementsAre;
using testing::HasSubstr;

TEST(Prose, ChaptersLieBetweenHeadings) {
  EXPECT_THAT(
      chapters_of("# Title\n\n## One\nFirst  line\r\nand second.\n\n-----\nMore.\n## Two\n\n### Two and a half\nEnd"),
      ElementsAre("First line and second. More.", "End"));
  EXPECT_TRUE(chapters_of("").empty());
  EXPECT_TRUE(chapters_of("# only\n# headings\n\n").empty());
  EXPECT_THAT(chapters_of("Before.\n# One\nText."), ElementsAre("Before.", "Text."));
}

TEST(Prose, TextWithoutHeadingsIsCutAtBlankLines) {
  std::string document;
  for (int i = 0; i < 3000; ++i)
    document += "This line has about forty-five bytes, I think.\n" + std::string(i % 10 == 9 ? "\n" : "");
  const std::vector<std::string> sections = chapters_of(document);
  ASSERT_EQ(sections.size(), 3u);
  EXPECT_GT(sections[0].size(), 50000u);
  EXPECT_LT(sections[0].size(), 51000u);
}

TEST(Prose, TextWithoutBlankLinesIsCutAtOtherLinesAndSentences) {
  const std::string sentence = "吾輩は猫である。", line = "　「名前はまだ無い。」と";
  std::string lines, one_line;
  for (int i = 0; i < 6000; ++i) lines += line + "\n", one_line += sentence;
  for (const auto& [document, end] : {std::pair{lines, line}, {one_line, sentence}}) {
    const std::vector<std::string> sections = chapters_of(document);
    ASSERT_GE(sections.size(), 3u);
    for (const std::string& section : sections) {
      EXPECT_LT(section.size(), 61000u);
      EXPECT_TRUE(section.ends_with(end));
    }
  }
}

TEST(Prose, PassagesEndWithSentencesAndLoseNothing) {
  EXPECT_THAT(passages_of("One two. Three four! \"Five?\" Six seven eight", 22),
              ElementsAre("One two. Three four!", "\"Five?\" Six seven", "eight"));
  EXPECT_THAT(passages_of("He said “Go.” Then he left them all", 24),
              ElementsAre("He said “Go.”", "Then he left them all"));
  EXPECT_THAT(passages_of("「猫だ。」犬か？「いや！」と", 34), ElementsAre("「猫だ。」犬か？", "「いや！」と"));
  EXPECT_THAT(passages_of("aaaaaaaaaaaaaaaaaaaa", 8), ElementsAre("aaaaaaaa", "aaaaaaaa", "aaaa"));
  EXPECT_THAT(passages_of("ääääääääää", 9), ElementsAre("ääää", "ääää", "ää"));
  EXPECT_TRUE(passages_of("", 100).empty());

  std::string text;
  RandomStream random(RandomKey{.seed = 1});
  for (int i = 0; i < 5000; ++i) {
    text += text.empty() ? "" : " ";
    for (uint64_t k = random.below(12) + 1; k > 0; --k) text += random.below(5) ? "e" : "é";
    if (random.below(8) == 0) text += ".";
  }
  for (const size_t limit : {8, 50, 480}) {
    std::string joined;
    for (const std::string& passage : passages_of(text, limit)) {
      EXPECT_LE(passage.size(), limit);
      EXPECT_EQ(find_invalid_utf8(passage), -1);
      joined += passage;
    }
    std::string letters = text;
    std::erase(letters, ' ');
    std::erase(joined, ' ');
    EXPECT_EQ(joined, letters);
  }
}

Manifest build_text(const std::filesystem::path& from, const std::filesystem::path& out, double held_out = 0.05,
                    uint64_t seed = 1) {
  const Builder& builder = builder_named("text");
  BuildRequest request{.out = out, .seed = seed};
  for (const BuilderOption& option : builder.options) request.options[option.name] = option.value;
  request.options["from"] = from.string();
  request.options["held-out"] = held_out;
  return builder.build(request);
}

TEST(BuildText, HoldsOutWholeChapters) {
  const auto books = data_path("books");
  if (books.empty()) GTEST_SKIP() << "no data set books";
  const TempFolder folder;
  const Manifest manifest = build_text(books, folder / "set");
  EXPECT_EQ(manifest.list("book_names").size(), 34u);
  const ShardedDataset dataset(folder / "set");
  std::set<std::pair<int64_t, int64_t>> seen;
  int64_t bytes = 0;
  for (const char* name : {"pool_text", "validation", "test"}) {
    const SplitReader& split = dataset.split(name);
    const auto book = split.values<int64_t>("book"), chapter = split.values<int64_t>("chapter");
    std::set<std::pair<int64_t, int64_t>> here;
    for (size_t i = 0; i < book.size(); ++i) here.emplace(book[i], chapter[i]);
    EXPECT_GT(here.size(), 50u) << name;
    const size_t before = seen.size();
    seen.insert(here.begin(), here.end());
    EXPECT_EQ(seen.size(), before + here.size()) << name;
    for (const int64_t length : split.lengths("text")) {
      bytes += length;
      EXPECT_LE(length, 480);
    }
    EXPECT_EQ(find_invalid_utf8(split.read(split.size() / 2, "text").text()), -1);
  }
  EXPECT_GT(bytes, 28'000'000);
  EXPECT_EQ(build_text(books, folder / "again").fingerprint(), manifest.fingerprint());
  EXPECT_NE(build_text(books, folder / "other", 0.05, 2).fingerprint(), manifest.fingerprint());
}

TEST(BuildText, BadInputIsNamed) {
  const TempFolder folder;
  const auto write = [&](const char* name, std::string_view text) { std::ofstream(folder / name) << text; };
  EXPECT_THAT(message_of<IoError>([&] { build_text(folder / "missing", folder / "out"); }),
              HasSubstr("missing: No such file"));
  write("README.txt", "x");
  EXPECT_THAT(message_of<IoError>([&] { build_text(folder.path(), folder / "out"); }),
              HasSubstr("no .txt or .md files in "));
  write("a.txt", "# one\nfine\n# two\nbro\xffken");
  EXPECT_EQ(message_of<IoError>([&] { build_text(folder.path(), folder / "out"); }),
            "data build: " + (folder / "a.txt").string() + " is not UTF-8: byte 20, line 4\n" +
                "  hint: convert it: iconv -f LATIN1 -t UTF-8");
  write("a.txt", "# one\nfine\n# two\nwell");
  EXPECT_THAT(message_of<IoError>([&] { build_text(folder.path(), folder / "out"); }),
              HasSubstr("has 2 chapters, too few to hold out 1 for validation and 1 for test\n"
                        "  hint: give more, or hold out none: --held-out 0"));
  EXPECT_FALSE(std::filesystem::exists(folder / "out"));
  EXPECT_EQ(build_text(folder.path(), folder / "out", 0.0).split("pool_text").samples, 2);
  EXPECT_THROW(build_text(folder.path(), folder / "out2", 0.7), ConfigError);
}

TEST(Builders, AreFoundByName) {
  EXPECT_THAT(message_of<ConfigError>([] { builder_named("texts"); }),
              HasSubstr("there is no data set 'texts'; there are: "));
  EXPECT_TRUE(std::ranges::is_sorted(all_builders(), {}, &Builder::name));
}

}  // namespace
}  // namespace triad::data
