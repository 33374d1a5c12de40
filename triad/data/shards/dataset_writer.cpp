#include "triad/data/shards/dataset_writer.h"

#include <algorithm>
#include <iterator>
#include <regex>
#include <system_error>

#include "triad/core/base/error.h"
#include "triad/core/base/version.h"
#include "triad/data/formats/hdf5.h"

namespace triad::data {
namespace {

/// A chunk is what one random access decompresses: small, but large enough to compress well.
constexpr int64_t kChunkBytes = 1 << 16;

int64_t chunk_rows(const ColumnSpec& column) {
  return std::max<int64_t>(1, kChunkBytes / static_cast<int64_t>(column.entry_bytes()));
}

Shape with_rows(int64_t rows, const Shape& shape) {
  Shape all = shape;
  all.insert(0, rows);
  return all;
}

std::string shard_name(const std::string& split, size_t index) {
  std::string digits = std::to_string(index);
  if (digits.size() < 5) digits.insert(0, 5 - digits.size(), '0');
  return split + "-" + digits + ".h5";
}

std::string_view text_of(std::span<const std::byte> bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

void remove_file(const std::filesystem::path& path) {
  std::error_code error;
  std::filesystem::remove(path, error);
  require<IoError>(!error, "dataset", "cannot remove ", path.string(), ": ", error.message());
}

/// Whether a file is one that a build leaves when it is cut off.
bool is_leftover(const std::string& name) {
  static const std::regex leftover(R"((.*-[0-9]{5,}\.h5|dataset\.json)(\.partial)?)");
  return std::regex_match(name, leftover);
}

void make_folder(const std::filesystem::path& folder) {
  std::error_code error;
  std::filesystem::create_directories(folder, error);
  require<IoError>(!error && std::filesystem::is_directory(folder, error), "dataset", "cannot make folder ",
                   folder.string(), ": ", error ? error.message() : "there is a file of that name");
}

/// Empties a locked folder of an earlier build and puts the marker in.
void prepare_folder(const std::filesystem::path& folder, bool replace) {
  std::error_code error;
  std::vector<std::string> names, obsolete;
  for (const auto& entry : std::filesystem::directory_iterator(folder, error)) {
    const std::string name = entry.path().filename().string();
    if (name != kLockName) names.push_back(name);
  }
  require<IoError>(!error, "dataset", "cannot list ", folder.string(), ": ", error.message());
  if (std::ranges::count(names, kManifestName)) {
    require<IoError>(replace, "dataset", folder.string(), " already holds a data set",
                     Hint{"choose another folder, or say that it may be replaced (--replace)"});
    const Manifest old = read_manifest(folder);
    obsolete = {std::string(kManifestName)};
    for (const SplitEntry& split : old.splits) {
      for (const FileEntry& shard : split.shards) obsolete.push_back(shard.name);
    }
    for (const FileEntry& file : old.files) obsolete.push_back(file.name);
  } else if (std::ranges::count(names, kBuildMarker)) {
    std::ranges::copy_if(names, std::back_inserter(obsolete), is_leftover);
  } else {
    require<IoError>(names.empty(), "dataset", folder.string(), " is not empty and no data set",
                     Hint{"choose an empty or new folder"});
  }
  write_durably(folder / kBuildMarker, "");
  for (const std::string& name : obsolete) remove_file(folder / name);
}

}  // namespace

ShardWriter::ShardWriter(std::filesystem::path folder, std::string name, std::vector<ColumnSpec> columns,
                         const WriteOptions& options)
    : folder_(std::move(folder)), options_(options), columns_(columns.size()) {
  entry_.name = std::move(name);
  entry_.columns = std::move(columns);
  for (Column& column : columns_) column.offsets = {0};
}

void ShardWriter::add(std::span<const Cell> cells) {
  require<ValueError>(cells.size() == columns_.size(), "dataset", "a sample of split '", entry_.name, "' has ",
                      columns_.size(), " columns, got ", cells.size());
  for (size_t i = 0; i < cells.size(); ++i) {
    const ColumnSpec& spec = entry_.columns[i];
    const size_t bytes = cells[i].bytes().size(), entry = spec.entry_bytes();
    require<ValueError>(
        cells[i].type() == spec.type || (spec.type == ElementType::boolean && cells[i].type() == ElementType::u8),
        "dataset", "column '", spec.name, "' of split '", entry_.name, "' holds ", spec.type, ", got ",
        cells[i].type());
    require<ValueError>(spec.ragged ? bytes % entry == 0 : bytes == entry, "dataset", "column '", spec.name,
                        "' of split '", entry_.name, "' takes ", spec.ragged ? "multiples of " : "", entry,
                        " bytes a sample, got ", bytes);
  }
  for (size_t i = 0; i < cells.size(); ++i) {
    Column& column = columns_[i];
    column.values.insert(column.values.end(), cells[i].bytes().begin(), cells[i].bytes().end());
    if (entry_.columns[i].ragged) {
      column.offsets.push_back(static_cast<int64_t>(column.values.size() / entry_.columns[i].entry_bytes()));
    }
    buffered_ += static_cast<int64_t>(cells[i].bytes().size());
  }
  ++rows_;
  if (buffered_ >= options_.shard_bytes) flush();
}

void ShardWriter::flush() {
  if (rows_ == 0) return;
  FileEntry shard{.name = shard_name(entry_.name, entry_.shards.size()), .samples = rows_};
  StagedFile staged(folder_ / shard.name);
  hdf5::File file = hdf5::File::create(staged.temporary_path());
  file.set_attribute("schema", kDatasetSchema);
  for (size_t i = 0; i < columns_.size(); ++i) {
    const ColumnSpec& spec = entry_.columns[i];
    Column& column = columns_[i];
    const hdf5::Layout layout{.chunk_rows = chunk_rows(spec), .deflate = options_.deflate};
    const int64_t rows = spec.ragged ? column.offsets.back() : rows_;
    hdf5::Dataset values = file.create_dataset(spec.ragged ? spec.name + "/values" : spec.name, spec.type,
                                               with_rows(rows, spec.shape), layout);
    values.write_rows(0, rows, column.values);
    shard.content = crc32_of(text_of(column.values), shard.content);
    if (spec.ragged) {
      file.write<int64_t>(spec.name + "/offsets", column.offsets, {rows_ + 1}, {.deflate = options_.deflate});
      shard.content = crc32_of(text_of(std::as_bytes(std::span(column.offsets))), shard.content);
    }
    column.values.clear();
    column.offsets = {0};
  }
  file.close();
  shard.digest = digest_of_file(staged.temporary_path());
  staged.publish();
  entry_.samples += rows_;
  entry_.shards.push_back(std::move(shard));
  rows_ = buffered_ = 0;
}

DatasetWriter::DatasetWriter(std::filesystem::path folder, std::string name, Provenance provenance,
                             const WriteOptions& options)
    : folder_(std::move(folder)), options_(options) {
  require<ValueError>(options.deflate >= 0 && options.deflate <= 9, "dataset", "deflate level ", options.deflate,
                      ", expected 0 to 9");
  require<ValueError>(options.shard_bytes > 0, "dataset", "shards of ", options.shard_bytes, " bytes");
  manifest_.name = std::move(name);
  manifest_.provenance = std::move(provenance);
  manifest_.provenance.tool_version = version();
  make_folder(folder_);
  lock_.emplace(folder_);
  prepare_folder(folder_, options.replace);
}

ShardWriter& DatasetWriter::split(const std::string& name, std::vector<ColumnSpec> columns) {
  require<ValueError>(is_plain_name(name), "dataset", "'", name, "' cannot be the name of a split",
                      Hint{"letters, digits, '_', '-' and '.'"});
  require<ValueError>(!columns.empty(), "dataset", "split '", name, "' has no columns");
  for (size_t i = 0; i < columns.size(); ++i) {
    require<ValueError>(is_plain_name(columns[i].name), "dataset", "'", columns[i].name,
                        "' cannot be the name of a column", Hint{"letters, digits, '_', '-' and '.'"});
    for (size_t k = 0; k < i; ++k) {
      require<ValueError>(columns[k].name != columns[i].name, "dataset", "split '", name, "' has two columns '",
                          columns[i].name, "'");
    }
    require<ValueError>(std::ranges::all_of(columns[i].shape, [](int64_t extent) { return extent > 0; }), "dataset",
                        "column '", columns[i].name, "' has shape ", columns[i].shape);
  }
  for (const auto& other : splits_) {
    require<ValueError>(other->entry_.name != name, "dataset", "there are two splits '", name, "'");
  }
  splits_.push_back(std::unique_ptr<ShardWriter>(new ShardWriter(folder_, name, std::move(columns), options_)));
  return *splits_.back();
}

void DatasetWriter::add_file(const std::string& name, std::string_view content) {
  require<ValueError>(is_plain_name(name) && name != kManifestName, "dataset", "'", name,
                      "' cannot be the name of a file");
  write_durably(folder_ / name, content);
  manifest_.files.push_back(
      {.name = name, .digest = {static_cast<int64_t>(content.size()), crc32_of(content)}, .samples = 0});
}

Manifest DatasetWriter::finish() {
  for (const auto& split : splits_) {
    split->flush();
    manifest_.splits.push_back(std::move(split->entry_));
  }
  splits_.clear();
  const std::string json = to_json(manifest_);
  const std::filesystem::path path = folder_ / kManifestName;
  Manifest read_back = parse_manifest(json, path.string());  // what no reader takes must not be published
  write_durably(path, json);
  remove_file(folder_ / kBuildMarker);
  lock_.reset();
  return read_back;
}

}  // namespace triad::data
