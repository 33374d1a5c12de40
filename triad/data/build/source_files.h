// The files a data set is made from.
#pragma once

#include <filesystem>
#include <initializer_list>
#include <string>
#include <string_view>
#include <vector>

namespace triad::data {

/// Regular files below `folder`, in the order of their names; without those that are hidden or in a hidden folder (a
/// name that begins with '.'). Given endings (".png", small letters), only files with one of them, in letters of any
/// size. IoError if the folder, or one in it, cannot be read.
std::vector<std::filesystem::path> files_below(const std::filesystem::path& folder,
                                               std::initializer_list<std::string_view> endings = {});

/// "NAME, BYTES bytes, crc32 HEX": how provenance names a file that went into a data set.
std::string describe_source(const std::filesystem::path& path);

/// "SUMMARY, BYTES bytes, crc32 HEX" of many files, names included.
std::string describe_sources(const std::vector<std::filesystem::path>& paths, std::string_view summary);

}  // namespace triad::data
