// Well-formed inputs for the fuzz targets to begin with.
#pragma once

#include <filesystem>

namespace triad::fuzz {

/// Writes files for each target, FOLDER/TARGET/….
void write_seeds(const std::filesystem::path& folder);

}  // namespace triad::fuzz
