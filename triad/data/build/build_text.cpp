// `text`: passages of plain text files, with chapters held out for validation and test.
#include <algorithm>
#include <system_error>

#include "triad/core/base/error.h"
#include "triad/core/base/philox.h"
#include "triad/data/build/builder.h"
#include "triad/data/build/prose.h"
#include "triad/data/text/utf8.h"
#include "triad/data/text/wordpiece.h"

namespace triad::data {
namespace {

/// A text file that a book could be; larger ones want to be split.
constexpr int64_t kMaxTextBytes = int64_t{1} << 30;

const std::vector<BuilderOption>& options() {
  using Kind = BuilderOption::Kind;
  static const std::vector<BuilderOption> all = {
      {"from", Kind::kPath, std::string(), true, "a .txt or .md file, or a folder of them (README files are left out)"},
      {"passage-bytes", Kind::kInteger, int64_t{480}, false, "longest passage; 480 bytes are about 110 word pieces"},
      {"vocabulary", Kind::kInteger, int64_t{8000}, false, "word pieces, special tokens included"},
      {"held-out", Kind::kReal, 0.05, false, "share of the chapters in validation, and again in test"}};
  return all;
}

std::vector<std::filesystem::path> text_files(const std::filesystem::path& from) {
  std::error_code error;
  std::vector<std::filesystem::path> files;
  if (std::filesystem::is_regular_file(from, error)) return {from};
  for (const auto& entry : std::filesystem::recursive_directory_iterator(from, error)) {
    const auto extension = entry.path().extension();
    if (entry.is_regular_file() && (extension == ".txt" || extension == ".md") &&
        !entry.path().filename().string().starts_with("README")) {
      files.push_back(entry.path());
    }
  }
  require<IoError>(!error, "data build", "cannot read ", from.string(), ": ", error.message());
  require<IoError>(!files.empty(), "data build", "no .txt or .md files in ", from.string());
  std::ranges::sort(files);
  return files;
}

struct Chapter {
  int64_t source;
  int64_t number;
  uint64_t lot;  ///< a number drawn by seed, file name and chapter, that decides what is held out
  std::string text;
};

std::vector<Chapter> read_chapters(const std::vector<std::filesystem::path>& files, uint64_t seed) {
  std::vector<Chapter> chapters;
  for (size_t i = 0; i < files.size(); ++i) {
    const std::string document = read_whole_file(files[i], kMaxTextBytes);
    const int64_t invalid = find_invalid_utf8(document);
    require<IoError>(invalid < 0, "data build", files[i].string(), " is not UTF-8: byte ", invalid, ", line ",
                     1 + std::count(document.begin(), document.begin() + std::max<int64_t>(invalid, 0), '\n'),
                     Hint{"convert it: iconv -f LATIN1 -t UTF-8"});
    int64_t number = 0;
    for (std::string& text : chapters_of(document)) {
      RandomStream draw(
          {.seed = seed, .step = static_cast<uint32_t>(number), .site = random_site(files[i].filename().string())});
      const uint64_t lot = (uint64_t{draw.bits()} << 32) | draw.bits();
      chapters.push_back({static_cast<int64_t>(i), number++, lot, std::move(text)});
    }
  }
  return chapters;
}

Manifest build(const BuildRequest& request) {
  const auto limit = static_cast<size_t>(request.integer("passage-bytes", 32, 1 << 20));
  const int64_t vocabulary = request.integer("vocabulary", 16, 1 << 20);
  const double share = request.real("held-out", 0.0, 0.4);
  const std::vector<std::filesystem::path> files = text_files(request.path("from"));
  std::vector<Chapter> chapters = read_chapters(files, request.seed);
  const auto held_out =
      share == 0 ? size_t{0} : std::max<size_t>(1, static_cast<size_t>(share * static_cast<double>(chapters.size())));
  require<IoError>(chapters.size() > 2 * held_out, "data build", request.path("from").string(), " has ",
                   chapters.size(), " chapters, too few to hold out ", held_out, " for validation and ", held_out,
                   " for test", Hint{"give more text, or --held-out 0"});

  std::vector<uint64_t> lots;
  for (const Chapter& chapter : chapters) lots.push_back(chapter.lot);
  std::ranges::sort(lots);
  DatasetWriter writer(request.out, "text", request.provenance("text", options()), request.write);
  std::vector<std::string> names, sources;
  for (const auto& file : files) {
    names.push_back(file.stem().string());
    sources.push_back(describe_source(file));
  }
  writer.set_attribute("book_names", names);
  writer.set_attribute("sources", sources);
  const std::vector<ColumnSpec> columns = {{"text", ElementType::u8, true, {}},
                                           {"book", ElementType::i64, false, {}},
                                           {"chapter", ElementType::i64, false, {}}};
  ShardWriter& pool = writer.split("pool_text", columns);
  ShardWriter* validation = held_out > 0 ? &writer.split("validation", columns) : nullptr;
  ShardWriter* test = held_out > 0 ? &writer.split("test", columns) : nullptr;
  std::vector<std::string> trained_on;
  int64_t done = 0;
  for (const Chapter& chapter : chapters) {
    const auto rank = static_cast<size_t>(std::ranges::lower_bound(lots, chapter.lot) - lots.begin());
    ShardWriter& split = rank < held_out ? *validation : rank < 2 * held_out ? *test : pool;
    for (const std::string& passage : passages_of(chapter.text, limit)) {
      split.add({passage, chapter.source, chapter.number});
      if (&split == &pool) trained_on.push_back(passage);
      if (request.progress && ++done % 1000 == 0) request.progress(done);
    }
  }
  const WordPiece tokenizer = train_wordpiece(trained_on, {.vocabulary_size = vocabulary});
  writer.add_file("vocab.txt", tokenizer.vocabulary());
  writer.set_attribute("tokenizer", std::string("vocab.txt"));
  return writer.finish();
}

const RegisterBuilder registered([] {
  return Builder{"text", "passages of plain text files, chapters held out for validation and test", options(), build};
});

}  // namespace
}  // namespace triad::data
