// A list of samples that belong together: pictures with their sounds and texts.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

namespace triad::data {

struct ListedPair {
  int64_t line = 0;                    ///< of the list, from 1
  std::filesystem::path image, audio;  ///< empty where the sample has none
  std::string text;
  int64_t identity = 0;  ///< samples with equal ones are each other's right answers
  int64_t label = -1;    ///< index into PairList::labels; -1 in a list without labels
  std::string group;     ///< samples of one group must not be divided between training and held-out data
};

struct PairList {
  std::vector<ListedPair> pairs;
  std::vector<std::string> labels;  ///< sorted
};

/// JSON, an object a line, of at least one of the keys
///     image, audio      path of a file, below `folder` unless it is absolute
///     text              what is seen or said
///     identity, label   a text or an integer
/// Samples of one identity are each other's right answers in retrieval. Without identity the label is it: any sample of the
/// class is right then. Without both the picture is, or else the sound, or else the text. Groups are those of identity, and
/// where none is given of what stands for it but the label. Empty lines are passed over.
/// IoError naming `source`, line and key for what is not so, or if only some lines have a label.
PairList parse_pairs(std::string_view text, const std::string& source, const std::filesystem::path& folder);

/// The list in a file; paths are below its folder.
PairList read_pairs(const std::filesystem::path& file);

}  // namespace triad::data
