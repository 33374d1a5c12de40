// The version of this library, for provenance in files it writes.
#pragma once

#include <string_view>

namespace triad {

/// "MAJOR.MINOR.PATCH", as in CMakeLists.txt.
std::string_view version();

}  // namespace triad
