#include "triad/data/build/text_sources.h"

#include <algorithm>
#include <system_error>

#include "triad/core/base/error.h"
#include "triad/data/build/prose.h"
#include "triad/data/build/source_files.h"
#include "triad/data/formats/durable_file.h"
#include "triad/data/text/utf8.h"

namespace triad::data {
namespace {

namespace fs = std::filesystem;

/// A text file that a book could be; larger ones want to be split.
constexpr int64_t kMaxTextBytes = int64_t{1} << 30;

std::vector<fs::path> text_files(const fs::path& from) {
  std::error_code error;
  if (fs::is_regular_file(from, error)) return {from};
  std::vector<fs::path> files = files_below(from, {".txt", ".md"});
  std::erase_if(files, [](const fs::path& file) { return file.filename().string().starts_with("README"); });
  require<IoError>(!files.empty(), "data build", "no .txt or .md files in ", from.string());
  return files;
}

}  // namespace

std::vector<std::string> TextSources::described() const {
  std::vector<std::string> all;
  for (const fs::path& file : files) all.push_back(describe_source(file));
  return all;
}

TextSources read_text_sources(const fs::path& from, double held_out, uint64_t seed) {
  TextSources sources{text_files(from), {}};
  std::vector<uint64_t> lots;
  for (size_t i = 0; i < sources.files.size(); ++i) {
    const fs::path& file = sources.files[i];
    const std::string document = read_whole_file(file, kMaxTextBytes);
    const int64_t invalid = find_invalid_utf8(document);
    require<IoError>(invalid < 0, "data build", file.string(), " is not UTF-8: byte ", invalid, ", line ",
                     1 + std::count(document.begin(), document.begin() + std::max<int64_t>(invalid, 0), '\n'),
                     Hint{"convert it: iconv -f LATIN1 -t UTF-8"});
    int64_t number = 0;
    for (std::string& text : chapters_of(document)) {
      lots.push_back(draw_lot(seed, file.filename().string(), static_cast<uint32_t>(number)));
      sources.chapters.push_back({static_cast<int64_t>(i), number++, Part::kTraining, std::move(text)});
    }
  }
  require<IoError>(!sources.chapters.empty(), "data build", from.string(), " holds no text");
  const std::vector<Part> parts = draw_parts(lots, held_out, from.string(), "chapters");
  for (size_t i = 0; i < parts.size(); ++i) sources.chapters[i].part = parts[i];
  return sources;
}

}  // namespace triad::data
