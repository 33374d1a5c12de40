// Reads a data set made by DatasetWriter.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "triad/data/shards/manifest.h"
#include "triad/data/shards/sample.h"

namespace triad::data {

struct ReadOptions {
  int64_t cache_bytes = int64_t{512} << 20;  ///< decompressed values kept for further reads, over all splits
  bool verify = true;                        ///< compare each shard with its checksum when it is first read
};

class BlockCache;
class ShardReader;

/// One split: samples 0 … size()-1 in the order they were written. Reading is thread-safe; shards are opened when a
/// sample of theirs is first read. IoError names shard, column and rows of what is damaged or does not fit
/// dataset.json.
class SplitReader {
 public:
  SplitReader(const std::filesystem::path& folder, const SplitEntry& entry, const ReadOptions& options,
              std::shared_ptr<BlockCache> cache);
  ~SplitReader();
  SplitReader(const SplitReader&) = delete;
  SplitReader& operator=(const SplitReader&) = delete;

  const std::string& name() const { return entry_.name; }
  int64_t size() const { return entry_.samples; }
  const std::vector<ColumnSpec>& columns() const { return entry_.columns; }
  bool has(std::string_view column) const;
  /// IoError naming the columns there are, if this one is not among them.
  const ColumnSpec& column(std::string_view name) const { return entry_.columns[column_index(name)]; }

  /// Sample `index`, all columns. ValueError if there is no such sample.
  Sample read(int64_t index) const;
  /// One column of it.
  Value read(int64_t index, std::string_view column) const;

  /// Opens every shard now: finds damage before much has been done with the samples.
  void open_shards() const;

  /// Entries of a ragged column in every sample, without reading the values.
  std::vector<int64_t> lengths(std::string_view column) const;
  /// A fixed column of shape [] for every sample: labels, identities.
  template <class T>
  std::vector<T> values(std::string_view column) const {
    open_shards();  // first: only then is the number of samples known to be true
    std::vector<T> all(static_cast<size_t>(size()));
    read_scalars(column, element_type_of<T>, std::as_writable_bytes(std::span(all)));
    return all;
  }

 private:
  size_t column_index(std::string_view name) const;
  /// The shard of a sample, and its row there.
  std::pair<const ShardReader*, int64_t> locate(int64_t index) const;
  void read_scalars(std::string_view column, ElementType type, std::span<std::byte> out) const;

  SplitEntry entry_;
  std::vector<int64_t> first_;  ///< index of the first sample of each shard
  std::vector<std::unique_ptr<ShardReader>> shards_;
};

/// A data set on disk; see DatasetWriter for its layout. Thread-safe to read. Many handles of one folder may exist.
class ShardedDataset {
 public:
  /// Reads dataset.json; see read_manifest for its errors.
  explicit ShardedDataset(std::filesystem::path folder, const ReadOptions& options = {});
  ~ShardedDataset();

  const std::filesystem::path& folder() const { return folder_; }
  const Manifest& manifest() const { return manifest_; }
  bool has_split(std::string_view name) const;
  /// IoError naming the splits there are, if this one is not among them.
  const SplitReader& split(std::string_view name) const;
  /// Content of a file beside the shards, compared with its checksum.
  std::string file(const std::string& name) const;
  /// Writes dataset.json and the files beside the shards into `folder`: there the data set can be opened with everything
  /// that describes it, though no sample can be read.
  void write_description(const std::filesystem::path& folder) const;

 private:
  std::filesystem::path folder_;
  Manifest manifest_;
  std::vector<std::unique_ptr<SplitReader>> splits_;
};

}  // namespace triad::data
