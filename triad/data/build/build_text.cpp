// `text`: passages of plain text files, with chapters held out for validation and test.
#include <algorithm>
#include <iterator>

#include "triad/data/build/builder.h"
#include "triad/data/build/prose.h"
#include "triad/data/build/text_sources.h"
#include "triad/data/build/tokenizer_file.h"

namespace triad::data {
namespace {

const std::vector<BuilderOption>& options() {
  using Kind = BuilderOption::Kind;
  static const std::vector<BuilderOption> all = [] {
    std::vector<BuilderOption> list = {
        {"from", Kind::kPath, std::string(), true,
         "a .txt or .md file, or a folder of them (README files are left out)"},
        {"passage-bytes", Kind::kInteger, int64_t{480}, false, "longest passage; 480 bytes are about 110 word pieces"},
        {"held-out", Kind::kReal, 0.05, false, "share of the chapters in validation, and again in test"}};
    std::ranges::copy(TokenizerFile::options(8000), std::back_inserter(list));
    return list;
  }();
  return all;
}

Manifest build(const BuildRequest& request) {
  const auto limit = static_cast<size_t>(request.integer("passage-bytes", 32, 1 << 20));
  const TokenizerFile tokenizer(request);
  const double share = request.real("held-out", 0.0, 0.4);
  const TextSources sources = read_text_sources(request.path("from"), share, request.seed);

  DatasetWriter writer(request.out, "text", request.provenance("text", options()), request.write);
  std::vector<std::string> names, trained_on;
  for (const auto& file : sources.files) names.push_back(file.stem().string());
  writer.set_attribute("book_names", names);
  writer.set_attribute("sources", sources.described());
  const std::vector<ColumnSpec> columns = {{"text", ElementType::u8, true, {}},
                                           {"book", ElementType::i64, false, {}},
                                           {"chapter", ElementType::i64, false, {}}};
  std::vector<ShardWriter*> splits = {&writer.split("pool_text", columns)};  // by part
  if (share > 0) {
    for (const Part part : {Part::kValidation, Part::kTest}) splits.push_back(&writer.split(name_of(part), columns));
  }
  int64_t done = 0;
  for (const Chapter& chapter : sources.chapters) {
    for (std::string& passage : passages_of(chapter.text, limit)) {
      splits[static_cast<size_t>(chapter.part)]->add({passage, chapter.source, chapter.number});
      if (chapter.part == Part::kTraining) trained_on.push_back(std::move(passage));
      if (request.progress && ++done % 1000 == 0) request.progress(done);
    }
  }
  tokenizer.add_to(writer, trained_on);
  return writer.finish();
}

const RegisterBuilder registered([] {
  return Builder{"text", "passages of plain text files, chapters held out for validation and test", options(), build};
});

}  // namespace
}  // namespace triad::data
