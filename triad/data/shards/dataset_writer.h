// Writes a data set: a folder of HDF5 shards and, as the last step, the dataset.json that makes them one.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "triad/data/formats/folder_lock.h"
#include "triad/data/shards/manifest.h"
#include "triad/data/shards/sample.h"

namespace triad::data {

struct WriteOptions {
  int64_t shard_bytes = int64_t{64} << 20;  ///< a shard is full when its values, uncompressed, reach this
  int deflate = 1;                          ///< 0 (none) to 9
  bool replace = false;                     ///< a complete data set in the folder gives way
};

/// One split in the making: columns and rows. Rows collect in memory, at most WriteOptions::shard_bytes and one row,
/// and go to disk a shard at a time. Made by DatasetWriter::split.
class ShardWriter {
 public:
  /// Appends a sample: one cell a column, in the order of the columns. ValueError naming the column if a cell has
  /// another type or size than the column's.
  void add(std::span<const Cell> cells);
  void add(std::initializer_list<Cell> cells) { add(std::span(cells.begin(), cells.size())); }

  int64_t size() const { return entry_.samples + rows_; }

 private:
  friend class DatasetWriter;
  struct Column {
    std::vector<std::byte> values;
    std::vector<int64_t> offsets;  ///< ragged: in entries, rows + 1 of them
  };

  ShardWriter(std::filesystem::path folder, std::string name, std::vector<ColumnSpec> columns,
              const WriteOptions& options);
  /// Writes the rows collected so far as the next shard.
  void flush();

  std::filesystem::path folder_;
  WriteOptions options_;
  SplitEntry entry_;
  std::vector<Column> columns_;
  int64_t rows_ = 0;
  int64_t buffered_ = 0;  ///< bytes
};

/// The layout of a data set NAME in `folder`:
///   dataset.json                 described in manifest.h; written last
///   SPLIT-00000.h5, …            a group a ragged column: values [total, …], offsets [rows + 1]; a data set a fixed
///   one other files                  as added
/// While it is being built there is a marker in place of dataset.json, so a build that was cut off is recognised and
/// can be run again; nobody takes it for a data set.
class DatasetWriter {
 public:
  /// Makes the folder, and locks it. IoError if another build is under way in it, or if it holds anything but what an
  /// interrupted build left, or a complete data set to be replaced; nothing is removed before that check.
  DatasetWriter(std::filesystem::path folder, std::string name, Provenance provenance,
                const WriteOptions& options = {});

  /// A new split. The reference is good until finish(). ValueError for a name that is taken or no plain name, or
  /// without columns.
  ShardWriter& split(const std::string& name, std::vector<ColumnSpec> columns);
  void set_attribute(const std::string& name, Attribute value) { manifest_.attributes[name] = std::move(value); }
  /// Another file beside the shards.
  void add_file(const std::string& name, std::string_view content);

  /// Writes what is left and dataset.json. Without it the folder stays an unfinished build.
  Manifest finish();

 private:
  std::filesystem::path folder_;
  std::optional<FolderLock> lock_;
  WriteOptions options_;
  Manifest manifest_;
  std::vector<std::unique_ptr<ShardWriter>> splits_;
};

}  // namespace triad::data
