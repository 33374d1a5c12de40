#include "triad/data/shards/shard_reader.h"

#include <algorithm>
#include <cstring>
#include <system_error>

#include "triad/core/base/error.h"

namespace triad::data {

size_t BlockCache::Hash::operator()(const Key& key) const {
  const size_t place = reinterpret_cast<size_t>(key.shard) / alignof(std::max_align_t);
  return (place * 31 + key.column) * 0x9E3779B97F4A7C15u + static_cast<size_t>(key.block);
}

BlockCache::Block BlockCache::find(const Key& key) {
  const std::lock_guard lock(mutex_);
  const auto found = index_.find(key);
  if (found == index_.end()) return nullptr;
  entries_.splice(entries_.begin(), entries_, found->second);
  return found->second->second;
}

void BlockCache::insert(const Key& key, Block block) {
  const std::lock_guard lock(mutex_);
  if (index_.contains(key)) return;  // another thread read it at the same time
  bytes_ += static_cast<int64_t>(block->size());
  entries_.emplace_front(key, std::move(block));
  index_[key] = entries_.begin();
  while (bytes_ > limit_ && !entries_.empty()) {
    bytes_ -= static_cast<int64_t>(entries_.back().second->size());
    index_.erase(entries_.back().first);
    entries_.pop_back();
  }
}

namespace {

constexpr const char* kDamaged =
    "the file is damaged, or from another build than dataset.json; triad data inspect says more";

/// `dataset` holds `rows` entries of the type and shape of the column.
void check_layout(const hdf5::Dataset& dataset, ElementType type, const Shape& shape, int64_t rows) {
  Shape expected = shape;
  expected.insert(0, rows);
  require<IoError>(dataset.type() == type && dataset.shape() == expected, "dataset", dataset.where(), " is ",
                   dataset.type(), " ", dataset.shape(), ", dataset.json says ", type, " ", expected, Hint{kDamaged});
  dataset.check_plausible();
}

ShardColumn open_column(const hdf5::File& file, const ColumnSpec& spec, int64_t rows) {
  if (!spec.ragged) {
    ShardColumn column{spec, file.dataset(spec.name), {}};
    check_layout(column.values, spec.type, spec.shape, rows);
    return column;
  }
  ShardColumn column{spec, file.dataset(spec.name + "/values"), {}};
  const hdf5::Dataset offsets = file.dataset(spec.name + "/offsets");
  check_layout(offsets, ElementType::i64, {}, rows + 1);
  column.offsets = offsets.read<int64_t>();
  require<IoError>(column.offsets.front() == 0 && std::ranges::is_sorted(column.offsets), "dataset", offsets.where(),
                   " does not ascend from 0", Hint{kDamaged});
  check_layout(column.values, spec.type, spec.shape, column.offsets.back());
  return column;
}

}  // namespace

std::vector<ShardColumn> open_shard(const std::filesystem::path& path, const SplitEntry& split, const FileEntry& shard,
                                    bool verify) {
  std::error_code error;
  const auto bytes = static_cast<int64_t>(std::filesystem::file_size(path, error));
  require<IoError>(!error, "dataset", "cannot open ", path.string(), ": ", error.message());
  require<IoError>(bytes == shard.digest.bytes, "dataset", path.string(), " has ", bytes, " bytes, dataset.json says ",
                   shard.digest.bytes, Hint{kDamaged});
  if (verify) {
    require<IoError>(digest_of_file(path) == shard.digest, "dataset", path.string(),
                     " does not have the checksum of dataset.json", Hint{kDamaged});
  }
  const hdf5::File file = hdf5::File::open(path);
  const int64_t schema = file.integer_attribute("schema");
  require<IoError>(schema == kDatasetSchema, "dataset", path.string(), ": schema version ", schema, ", expected ",
                   kDatasetSchema, Hint{kDamaged});
  std::vector<ShardColumn> columns;
  for (const ColumnSpec& spec : split.columns) columns.push_back(open_column(file, spec, shard.samples));
  return columns;
}

const std::vector<ShardColumn>& ShardReader::columns() const {
  const std::lock_guard lock(mutex_);
  if (!opened_) {
    columns_ = open_shard(path_, split_, shard_, verify_);
    opened_ = true;
  }
  return columns_;
}

void ShardReader::read(size_t column, int64_t begin, int64_t end, std::span<std::byte> out) const {
  const ShardColumn& source = columns()[column];
  const auto entry_bytes = static_cast<int64_t>(source.spec.entry_bytes());
  const int64_t per_block = std::max<int64_t>(1, source.values.chunk_rows()), total = source.values.rows();
  std::byte* target = out.data();
  for (int64_t at = begin; at < end;) {
    const int64_t index = at / per_block, first = index * per_block;
    const int64_t block_end = std::min(first + per_block, total), part_end = std::min(block_end, end);
    const BlockCache::Key key{this, column, index};
    BlockCache::Block block = cache_->find(key);
    if (!block) {
      std::vector<std::byte> values(static_cast<size_t>((block_end - first) * entry_bytes));
      source.values.read_rows(first, block_end - first, values);
      block = std::make_shared<const std::vector<std::byte>>(std::move(values));
      cache_->insert(key, block);
    }
    const auto part = static_cast<size_t>((part_end - at) * entry_bytes);
    std::memcpy(target, block->data() + (at - first) * entry_bytes, part);
    target += part;
    at = part_end;
  }
}

}  // namespace triad::data
