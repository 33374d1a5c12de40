#include "tests/harness/data_path.h"

#include <cstdlib>
#include <string>
#include <system_error>

#include "triad/core/base/error.h"

namespace triad::harness {
namespace fs = std::filesystem;

fs::path data_path(std::string_view relative) {
  const char* chosen = std::getenv("TRIAD_DATA");
  for (const fs::path& root :
       {fs::path(chosen ? chosen : ""), fs::path(TRIAD_SOURCE_DIR).parent_path() / "shared/data"}) {
    if (!root.empty() && fs::exists(root / relative)) return root / relative;
  }
  return {};
}

fs::path golden_path(std::string_view relative) { return fs::path(TRIAD_SOURCE_DIR) / "tests/golden" / relative; }

TempFolder::TempFolder() {
  std::string pattern = (fs::temp_directory_path() / "triad-test-XXXXXX").string();
  require<IoError>(mkdtemp(pattern.data()) != nullptr, "TempFolder", "cannot make ", pattern);
  path_ = pattern;
}

TempFolder::~TempFolder() {
  std::error_code ignored;
  fs::remove_all(path_, ignored);
}

}  // namespace triad::harness
