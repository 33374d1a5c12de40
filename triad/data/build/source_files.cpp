#include "triad/data/build/source_files.h"

#include <algorithm>
#include <iomanip>
#include <sstream>
#include <system_error>

#include "triad/core/base/error.h"
#include "triad/data/formats/durable_file.h"

namespace triad::data {
namespace {

namespace fs = std::filesystem;

std::string described(std::string_view name, const FileDigest& digest) {
  std::ostringstream out;
  out << name << ", " << digest.bytes << " bytes, crc32 " << std::hex << std::setfill('0') << std::setw(8)
      << digest.crc32;
  return out.str();
}

std::string lowered(std::string text) {
  for (char& c : text) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  return text;
}

}  // namespace

std::vector<fs::path> files_below(const fs::path& folder, std::initializer_list<std::string_view> endings) {
  std::error_code error;
  std::vector<fs::path> files;
  for (fs::recursive_directory_iterator at(folder, error), end; !error && at != end; at.increment(error)) {
    const bool hidden = at->path().filename().string().starts_with('.');
    if (hidden) at.disable_recursion_pending();
    std::error_code gone;
    if (hidden || !at->is_regular_file(gone)) continue;
    if (endings.size() == 0 || std::ranges::count(endings, lowered(at->path().extension().string())) > 0)
      files.push_back(at->path());
  }
  require<IoError>(!error, "data build", "cannot read ", folder.string(), ": ", error.message());
  std::ranges::sort(files);
  return files;
}

std::string describe_source(const fs::path& path) { return described(path.filename().string(), digest_of_file(path)); }

std::string describe_sources(const std::vector<fs::path>& paths, std::string_view summary) {
  FileDigest all;
  for (const fs::path& path : paths) {
    const FileDigest digest = digest_of_file(path);
    all.bytes += digest.bytes;
    all.crc32 = crc32_of(str(path.filename().string(), " ", digest.crc32, "\n"), all.crc32);
  }
  return described(summary, all);
}

}  // namespace triad::data
