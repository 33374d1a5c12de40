#include "triad/data/shards/inspect.h"

#include <algorithm>
#include <iomanip>
#include <limits>
#include <set>
#include <sstream>
#include <system_error>

#include "triad/core/base/error.h"
#include "triad/data/shards/shard_reader.h"
#include "triad/data/shards/sharded_dataset.h"

namespace triad::data {
namespace {

std::string first_line(const std::string& text) { return text.substr(0, text.find('\n')); }

/// Rows of a shard that have a part in entries [begin, end) of a column.
std::pair<int64_t, int64_t> rows_of(const ShardColumn& column, int64_t begin, int64_t end) {
  if (!column.spec.ragged) return {begin, end};
  const auto& offsets = column.offsets;
  const auto first = std::ranges::upper_bound(offsets, begin) - offsets.begin() - 1;
  const auto last = std::ranges::lower_bound(offsets, end) - offsets.begin();
  return {first, last};
}

/// Reads a column chunk by chunk; notes what cannot be read. Returns the checksum of its content, going on from
/// `content`.
uint32_t read_column(const std::string& file, const ShardColumn& column, uint32_t content,
                     std::vector<Damage>& damage) {
  const int64_t rows = column.values.rows(), step = std::max<int64_t>(1, column.values.chunk_rows());
  std::vector<std::byte> chunk;
  for (int64_t begin = 0; begin < rows; begin += step) {
    const int64_t end = std::min(begin + step, rows);
    chunk.resize(static_cast<size_t>(end - begin) * column.spec.entry_bytes());
    try {
      column.values.read_rows(begin, end - begin, chunk);
      content = crc32_of({reinterpret_cast<const char*>(chunk.data()), chunk.size()}, content);
    } catch (const IoError& e) {
      const auto [first, last] = rows_of(column, begin, end);
      damage.push_back({file, column.spec.name, first, last, first_line(e.what())});
    }
  }
  if (!column.spec.ragged) return content;
  const auto offsets = std::as_bytes(std::span(column.offsets));
  return crc32_of({reinterpret_cast<const char*>(offsets.data()), offsets.size()}, content);
}

void summarise(const ShardColumn& column, ColumnSummary& summary) {
  summary.bytes += column.values.rows() * static_cast<int64_t>(column.spec.entry_bytes());
  for (size_t row = 0; row + 1 < column.offsets.size(); ++row) {
    const int64_t length = column.offsets[row + 1] - column.offsets[row];
    summary.shortest = std::min(summary.shortest, length);
    summary.longest = std::max(summary.longest, length);
  }
}

void inspect_shard(const std::filesystem::path& path, const SplitEntry& split, const FileEntry& shard,
                   SplitSummary& summary, std::vector<Damage>& damage) {
  const size_t before = damage.size();
  try {
    const bool same = digest_of_file(path) == shard.digest;
    const std::vector<ShardColumn> columns = open_shard(path, split, shard, false);
    uint32_t content = 0;
    for (size_t i = 0; i < columns.size(); ++i) {
      content = read_column(shard.name, columns[i], content, damage);
      summarise(columns[i], summary.columns[i]);
    }
    if (damage.size() > before) return;
    if (content != shard.content)
      damage.push_back({shard.name, "", 0, 0, "its values are not those dataset.json was made for"});
    else if (!same)
      damage.push_back({shard.name, "", 0, 0, "it does not have the checksum of dataset.json; its values can be read"});
  } catch (const Error& e) {
    damage.push_back({shard.name, "", 0, 0, first_line(e.what())});
  }
}

/// Three digits: "812 B", "1.55 kB", "26.2 MB".
std::string size_text(int64_t bytes) {
  double value = static_cast<double>(bytes);
  for (const char* unit : {"B", "kB", "MB", "GB"}) {
    if (value < 999.5) {
      std::ostringstream out;
      out << std::setprecision(3) << value << " " << unit;
      return out.str();
    }
    value /= 1000;
  }
  return str(value, " TB");
}

/// A value in a few words: text as it is, numbers by their count and range.
std::string value_text(const ColumnSpec& spec, const Value& value) {
  if (spec.ragged && spec.type == ElementType::u8 && spec.shape.empty()) {
    std::string text = value.text();
    const bool cut = text.size() > 72;
    if (cut) {
      size_t end = 72;
      while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xC0) == 0x80) --end;  // not inside a character
      text.resize(end);
    }
    for (char& c : text) {
      if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) c = ' ';
    }
    return "\"" + text + (cut ? "…\"" : "\"");
  }
  const auto range = [&]<class T>(std::type_identity<T>) {
    const std::span<const T> all = value.as<T>();
    if (value.shape.empty()) return str(+static_cast<Compute<T>>(all[0]));
    if (all.empty()) return str(value.shape);
    double low = std::numeric_limits<double>::infinity(), high = -low;
    for (const T v : all) {
      low = std::min(low, static_cast<double>(v));
      high = std::max(high, static_cast<double>(v));
    }
    return str(value.shape, " from ", low, " to ", high);
  };
  if (value.type == ElementType::i16) return range(std::type_identity<int16_t>{});
  if (value.type == ElementType::boolean) return range(std::type_identity<uint8_t>{});
  return dispatch_all(*dtype_of_element(value.type), [&]<class T>(std::type_identity<T> type) -> std::string {
    if constexpr (std::is_same_v<T, bool>) return "";
    else return range(type);
  });
}

}  // namespace

std::string Damage::text() const {
  std::string place = file;
  if (!column.empty()) place += ", column '" + column + "'";
  if (last_row > first_row) place += str(", rows [", first_row, ", ", last_row, ")");
  return place + ": " + what;
}

Inspection inspect(const std::filesystem::path& folder) {
  Inspection result{.manifest = read_manifest(folder)};
  std::set<std::string> known = {std::string(kManifestName), std::string(kBuildMarker)};
  for (const SplitEntry& split : result.manifest.splits) {
    SplitSummary summary{.name = split.name, .samples = split.samples};
    for (const ColumnSpec& spec : split.columns) {
      summary.columns.push_back({spec, 0, spec.ragged ? std::numeric_limits<int64_t>::max() : 0, 0});
    }
    for (const FileEntry& shard : split.shards) {
      known.insert(shard.name);
      summary.stored_bytes += shard.digest.bytes;
      inspect_shard(folder / shard.name, split, shard, summary, result.damage);
    }
    for (ColumnSummary& column : summary.columns) column.shortest = std::min(column.shortest, column.longest);
    result.splits.push_back(std::move(summary));
  }
  for (const FileEntry& file : result.manifest.files) {
    known.insert(file.name);
    try {
      if (digest_of_file(folder / file.name) == file.digest) continue;
      result.damage.push_back({file.name, "", 0, 0, "it does not have the size and checksum of dataset.json"});
    } catch (const IoError& e) {
      result.damage.push_back({file.name, "", 0, 0, first_line(e.what())});
    }
  }
  std::error_code ignored;
  for (const auto& entry : std::filesystem::directory_iterator(folder, ignored)) {
    const std::string name = entry.path().filename().string();
    if (!known.contains(name)) result.unlisted.push_back(name);
  }
  std::ranges::sort(result.unlisted);
  return result;
}

std::string describe(const std::filesystem::path& folder, const Inspection& inspection, int64_t samples) {
  const Manifest& manifest = inspection.manifest;
  std::ostringstream out;
  out << manifest.name << "  fingerprint " << manifest.fingerprint() << "\n  made by " << manifest.provenance.generator
      << ", seed " << manifest.provenance.seed << ", triad " << manifest.provenance.tool_version << "\n";
  const ShardedDataset dataset(folder, {.verify = false});
  for (const SplitSummary& split : inspection.splits) {
    out << "split " << split.name << ": " << split.samples << " samples, " << size_text(split.stored_bytes)
        << " on disk\n";
    for (const ColumnSummary& column : split.columns) {
      out << "  " << column.spec.name << ": " << column.spec << ", " << size_text(column.bytes);
      if (column.spec.ragged) out << ", lengths " << column.shortest << " to " << column.longest;
      out << "\n";
    }
    const SplitReader& reader = dataset.split(split.name);
    for (int64_t i = 0; i < std::min(samples, reader.size()); ++i) {
      try {
        const Sample sample = reader.read(i);
        out << "  [" << i << "]";
        for (size_t c = 0; c < sample.columns.size(); ++c) {
          out << (c ? ", " : " ") << sample.columns[c].first << " "
              << value_text(reader.columns()[c], sample.columns[c].second);
        }
        out << "\n";
      } catch (const IoError&) {
        out << "  [" << i << "] cannot be read\n";
      }
    }
  }
  for (const FileEntry& file : manifest.files)
    out << "file " << file.name << ": " << size_text(file.digest.bytes) << "\n";
  for (const std::string& name : inspection.unlisted) out << "not part of the data set: " << name << "\n";
  for (const Damage& damage : inspection.damage) out << "DAMAGED " << damage.text() << "\n";
  out << (inspection.damage.empty() ? "no damage found\n" : str(inspection.damage.size(), " damaged places\n"));
  return out.str();
}

}  // namespace triad::data
