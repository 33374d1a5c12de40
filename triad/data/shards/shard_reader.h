// Inner side of sharded_dataset.cpp and inspect.cpp: one shard, and the cache of what was decompressed.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <list>
#include <memory>
#include <mutex>
#include <span>
#include <unordered_map>
#include <vector>

#include "triad/data/formats/hdf5.h"
#include "triad/data/shards/manifest.h"

namespace triad::data {

/// Least recently used blocks of columns, up to a number of bytes. Thread-safe.
class BlockCache {
 public:
  using Block = std::shared_ptr<const std::vector<std::byte>>;
  struct Key {
    const void* shard;
    size_t column;
    int64_t block;
    friend bool operator==(const Key&, const Key&) = default;
  };

  explicit BlockCache(int64_t limit) : limit_(limit) {}

  /// Null if it is not there.
  Block find(const Key& key);
  void insert(const Key& key, Block block);

 private:
  struct Hash {
    size_t operator()(const Key& key) const;
  };
  using Entries = std::list<std::pair<Key, Block>>;

  const int64_t limit_;
  std::mutex mutex_;
  int64_t bytes_ = 0;
  Entries entries_;  ///< latest use first
  std::unordered_map<Key, Entries::iterator, Hash> index_;
};

/// One column of an open shard, checked against dataset.json.
struct ShardColumn {
  ColumnSpec spec;
  hdf5::Dataset values;
  std::vector<int64_t> offsets;  ///< ragged only: of the rows in `values`

  /// Entries [begin, end) of `values` that are row `row`.
  std::pair<int64_t, int64_t> entries_of(int64_t row) const {
    if (!spec.ragged) return {row, row + 1};
    return {offsets[static_cast<size_t>(row)], offsets[static_cast<size_t>(row) + 1]};
  }
};

/// The columns of a shard. IoError for anything that does not fit `split` and `shard`. `verify` compares the checksum
/// of the file before anything in it is looked at.
std::vector<ShardColumn> open_shard(const std::filesystem::path& path, const SplitEntry& split, const FileEntry& shard,
                                    bool verify);

/// A shard that opens itself when it is first read. Thread-safe.
class ShardReader {
 public:
  ShardReader(std::filesystem::path path, const SplitEntry& split, const FileEntry& shard, bool verify,
              std::shared_ptr<BlockCache> cache)
      : path_(std::move(path)), split_(split), shard_(shard), verify_(verify), cache_(std::move(cache)) {}

  const std::vector<ShardColumn>& columns() const;
  /// Copies entries [begin, end) of a column, by way of the cache.
  void read(size_t column, int64_t begin, int64_t end, std::span<std::byte> out) const;

 private:
  std::filesystem::path path_;
  const SplitEntry& split_;  ///< of the SplitReader that owns this
  const FileEntry& shard_;
  bool verify_;
  std::shared_ptr<BlockCache> cache_;
  mutable std::mutex mutex_;
  mutable bool opened_ = false;
  mutable std::vector<ShardColumn> columns_;
};

}  // namespace triad::data
