#include "triad/data/shards/sharded_dataset.h"

#include <algorithm>
#include <system_error>

#include "triad/core/base/error.h"
#include "triad/core/base/join.h"
#include "triad/data/shards/shard_reader.h"

namespace triad::data {

SplitReader::SplitReader(const std::filesystem::path& folder, const SplitEntry& entry, const ReadOptions& options,
                         std::shared_ptr<BlockCache> cache)
    : entry_(entry) {
  int64_t first = 0;
  for (const FileEntry& shard : entry_.shards) {
    first_.push_back(first);
    first += shard.samples;
    shards_.push_back(std::make_unique<ShardReader>(folder / shard.name, entry_, shard, options.verify, cache));
  }
}

SplitReader::~SplitReader() = default;

size_t SplitReader::column_index(std::string_view name) const {
  const auto found = std::ranges::find(entry_.columns, name, &ColumnSpec::name);
  if (found != entry_.columns.end()) return static_cast<size_t>(found - entry_.columns.begin());
  fail<IoError>("dataset", "split '", entry_.name, "' has no column '", name,
                "'; there are: ", join(entry_.columns, &ColumnSpec::name));
}

void SplitReader::open_shards() const {
  for (const auto& shard : shards_) shard->columns();
}

bool SplitReader::has(std::string_view column) const {
  return std::ranges::any_of(entry_.columns, [&](const ColumnSpec& spec) { return spec.name == column; });
}

std::pair<const ShardReader*, int64_t> SplitReader::locate(int64_t index) const {
  require<ValueError>(index >= 0 && index < size(), "dataset", "sample ", index, " of split '", entry_.name,
                      "', which has ", size());
  const auto shard = static_cast<size_t>(std::ranges::upper_bound(first_, index) - first_.begin()) - 1;
  return {shards_[shard].get(), index - first_[shard]};
}

namespace {

Value read_value(const ShardReader& shard, size_t column, int64_t row) {
  const ShardColumn& source = shard.columns()[column];
  const auto [begin, end] = source.entries_of(row);
  Value value{source.spec.type, source.spec.shape, {}};
  if (source.spec.ragged) value.shape.insert(0, end - begin);
  value.bytes.resize(static_cast<size_t>(end - begin) * source.spec.entry_bytes());
  shard.read(column, begin, end, value.bytes);
  return value;
}

}  // namespace

Sample SplitReader::read(int64_t index) const {
  const auto [shard, row] = locate(index);
  Sample sample;
  for (size_t i = 0; i < entry_.columns.size(); ++i) {
    sample.columns.emplace_back(entry_.columns[i].name, read_value(*shard, i, row));
  }
  return sample;
}

Value SplitReader::read(int64_t index, std::string_view column) const {
  const auto [shard, row] = locate(index);
  return read_value(*shard, column_index(column), row);
}

std::vector<int64_t> SplitReader::lengths(std::string_view name) const {
  const size_t column = column_index(name);
  require<ValueError>(entry_.columns[column].ragged, "dataset", "rows of column '", name, "' all have one length");
  open_shards();
  std::vector<int64_t> lengths;
  lengths.reserve(static_cast<size_t>(size()));
  for (const auto& shard : shards_) {
    const std::vector<int64_t>& offsets = shard->columns()[column].offsets;
    for (size_t row = 0; row + 1 < offsets.size(); ++row) lengths.push_back(offsets[row + 1] - offsets[row]);
  }
  return lengths;
}

void SplitReader::read_scalars(std::string_view name, ElementType type, std::span<std::byte> out) const {
  const size_t column = column_index(name);
  const ColumnSpec& spec = entry_.columns[column];
  require<IoError>(!spec.ragged && spec.shape.empty() && spec.type == type, "dataset", "column '", name, "' of split '",
                   entry_.name, "' holds ", spec, ", expected ", type, " []");
  for (size_t i = 0; i < shards_.size(); ++i) {
    const auto begin = static_cast<size_t>(first_[i]) * size_of(type);
    const int64_t rows = entry_.shards[i].samples;
    shards_[i]->read(column, 0, rows, out.subspan(begin, static_cast<size_t>(rows) * size_of(type)));
  }
}

ShardedDataset::ShardedDataset(std::filesystem::path folder, const ReadOptions& options)
    : folder_(std::move(folder)), manifest_(read_manifest(folder_)) {
  const auto cache = std::make_shared<BlockCache>(options.cache_bytes);
  for (const SplitEntry& entry : manifest_.splits) {
    splits_.push_back(std::make_unique<SplitReader>(folder_, entry, options, cache));
  }
}

ShardedDataset::~ShardedDataset() = default;

bool ShardedDataset::has_split(std::string_view name) const {
  return std::ranges::any_of(manifest_.splits, [&](const SplitEntry& entry) { return entry.name == name; });
}

const SplitReader& ShardedDataset::split(std::string_view name) const {
  return *splits_[static_cast<size_t>(&manifest_.split(name) - manifest_.splits.data())];
}

std::string ShardedDataset::file(const std::string& name) const {
  const FileDigest& digest = manifest_.file(name).digest;
  std::string content = read_whole_file(folder_ / name, digest.bytes);
  require<IoError>(FileDigest{static_cast<int64_t>(content.size()), crc32_of(content)} == digest, "dataset",
                   (folder_ / name).string(), " does not have the size and checksum of dataset.json",
                   Hint{"the file is damaged or was edited; build the data set again"});
  return content;
}

void ShardedDataset::write_description(const std::filesystem::path& folder) const {
  std::filesystem::create_directories(folder);
  for (const FileEntry& entry : manifest_.files) write_durably(folder / entry.name, file(entry.name));
  write_durably(folder / kManifestName, to_json(manifest_));  // last: where it lies, the files do
}

}  // namespace triad::data
