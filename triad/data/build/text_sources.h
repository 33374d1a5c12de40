// Text files as chapters, with the part each belongs to.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "triad/data/build/part.h"

namespace triad::data {

struct Chapter {
  int64_t source;  ///< index into TextSources::files
  int64_t number;  ///< in its file
  Part part;
  std::string text;
};

struct TextSources {
  std::vector<std::filesystem::path> files;
  std::vector<Chapter> chapters;

  /// Names, sizes and checksums of the files.
  std::vector<std::string> described() const;
};

/// The chapters of a text file, or of every .txt and .md file below a folder but README files; a share `held_out` of them
/// for validation and again for test, drawn by seed, file name and chapter. IoError naming file and line: not there, not
/// UTF-8, too few chapters.
TextSources read_text_sources(const std::filesystem::path& from, double held_out, uint64_t seed);

}  // namespace triad::data
