// What is in a data set on disk, and whether it is whole.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "triad/data/shards/manifest.h"

namespace triad::data {

/// Something in a data set that cannot be used. `column` and rows are given where damage could be traced to them.
struct Damage {
  std::string file;
  std::string column;
  int64_t first_row = 0, last_row = 0;  ///< rows [first, last) of the shard; equal if unknown
  std::string what;

  /// One line: "train-00001.h5, column 'image', rows [64, 128): …".
  std::string text() const;
};

/// What a column holds in all shards of its split that can be read.
struct ColumnSummary {
  ColumnSpec spec;
  int64_t bytes = 0;                  ///< uncompressed
  int64_t shortest = 0, longest = 0;  ///< entries of a row; ragged columns only
};

struct SplitSummary {
  std::string name;
  int64_t samples = 0;
  int64_t stored_bytes = 0;
  std::vector<ColumnSummary> columns;
};

struct Inspection {
  Manifest manifest;
  std::vector<SplitSummary> splits;
  std::vector<Damage> damage;
  std::vector<std::string> unlisted;  ///< files in the folder that dataset.json does not know
};

/// Reads everything: sizes, checksums, every chunk of every column. IoError only if dataset.json itself cannot be read.
Inspection inspect(const std::filesystem::path& folder);

/// For people: the inspection, and the first `samples` samples of every split in a line each.
std::string describe(const std::filesystem::path& folder, const Inspection& inspection, int64_t samples = 3);

}  // namespace triad::data
