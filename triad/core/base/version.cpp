#include "triad/core/base/version.h"

namespace triad {

std::string_view version() { return TRIAD_VERSION; }

}  // namespace triad
