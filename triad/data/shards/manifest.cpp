#include "triad/data/shards/manifest.h"

#include <algorithm>
#include <set>

#include <nlohmann/json.hpp>

#include "triad/core/base/error.h"
#include "triad/core/base/join.h"

namespace triad::data {
namespace {

using Json = nlohmann::ordered_json;

/// No data set describes itself in more.
constexpr int64_t kMaxManifestBytes = int64_t{1} << 26;
/// More samples, extents or bytes than that are damage, and could overflow sums.
constexpr int64_t kMaxCount = int64_t{1} << 48;

std::string hex(uint32_t value) {
  constexpr std::string_view digits = "0123456789abcdef";
  std::string text(8, '0');
  for (size_t i = 0; i < 8; ++i) text[7 - i] = digits[(value >> (4 * i)) & 15];
  return text;
}

/// A place in the document, for messages: file and path of keys.
struct Place {
  const Json& json;
  const std::string& source;
  std::string path;

  template <class... Parts>
  [[noreturn]] void refuse(const Parts&... parts) const {
    fail<IoError>("dataset", source, ": ", path.empty() ? "the top level" : "'" + path + "'", " ", parts...,
                  Hint{"the file is damaged or was edited; build the data set again"});
  }
  template <class... Parts>
  void check(bool holds, const Parts&... parts) const {
    if (!holds) refuse(parts...);
  }
  bool has(const char* key) const { return json.is_object() && json.contains(key); }
  Place at(const char* key) const {
    check(json.is_object(), "is not an object");
    check(json.contains(key), "has no '", key, "'");
    return {json[key], source, path.empty() ? key : path + "." + key};
  }
  std::vector<Place> items() const {
    check(json.is_array(), "is not a list");
    std::vector<Place> places;
    for (size_t i = 0; i < json.size(); ++i) places.push_back({json[i], source, str(path, "[", i, "]")});
    return places;
  }
  std::string text() const {
    check(json.is_string(), "is not a text");
    return json.get<std::string>();
  }
  int64_t count() const {
    check(json.is_number_unsigned() && json.get<uint64_t>() <= static_cast<uint64_t>(kMaxCount), "is not a count");
    return json.get<int64_t>();
  }
  bool truth() const {
    check(json.is_boolean(), "is neither true nor false");
    return json.get<bool>();
  }
  std::string plain_name() const {
    std::string name = text();
    check(is_plain_name(name), "is not a plain name");
    return name;
  }
  uint32_t checksum() const {
    const std::string digits = text();
    check(digits.size() == 8 && digits.find_first_not_of("0123456789abcdef") == digits.npos, "is not a CRC-32");
    return static_cast<uint32_t>(std::stoul(digits, nullptr, 16));
  }
};

Attributes parse_attributes(const Place& place) {
  place.check(place.json.is_object(), "is not an object");
  Attributes attributes;
  for (const auto& [key, value] : place.json.items()) {
    const Place entry{value, place.source, place.path + "." + key};
    if (value.is_boolean()) attributes[key] = value.get<bool>();
    else if (value.is_number_float()) attributes[key] = value.get<double>();
    else if (value.is_number_integer()) attributes[key] = value.get<int64_t>();
    else if (value.is_string()) attributes[key] = value.get<std::string>();
    else if (value.is_array()) {
      std::vector<std::string> list;
      for (const Place& item : entry.items()) list.push_back(item.text());
      attributes[key] = std::move(list);
    } else entry.refuse("is neither a number nor text nor a list of texts");
  }
  return attributes;
}

FileEntry parse_file(const Place& place, std::set<std::string>& names) {
  FileEntry entry;
  entry.name = place.at("file").plain_name();
  place.check(names.insert(entry.name).second && entry.name != kManifestName, "names ", entry.name, " once more");
  entry.digest = {place.at("bytes").count(), place.at("crc32").checksum()};
  return entry;
}

ColumnSpec parse_column(const Place& place) {
  ColumnSpec column;
  column.name = place.at("name").plain_name();
  const Place type = place.at("type");
  const auto element = element_from_name(type.text());
  type.check(element.has_value(), "is no element type");
  column.type = *element;
  column.ragged = place.at("ragged").truth();
  const Place shape = place.at("shape");
  const std::vector<Place> extents = shape.items();
  shape.check(extents.size() < kMaxRank, "has more than ", kMaxRank - 1, " axes");
  int64_t entries = 1;
  for (const Place& extent : extents) {
    column.shape.push_back(extent.count());
    extent.check(column.shape.back() > 0, "is not positive");
    shape.check(!__builtin_mul_overflow(entries, column.shape.back(), &entries) && entries < kMaxCount, "is too large");
  }
  return column;
}

SplitEntry parse_split(const Place& place, std::set<std::string>& file_names) {
  SplitEntry split;
  split.name = place.at("name").plain_name();
  split.samples = place.at("samples").count();
  std::set<std::string> column_names;
  for (const Place& item : place.at("columns").items()) {
    split.columns.push_back(parse_column(item));
    item.check(column_names.insert(split.columns.back().name).second, "has the name of another column");
  }
  place.at("columns").check(!split.columns.empty(), "is empty");
  int64_t samples = 0;
  for (const Place& item : place.at("shards").items()) {
    FileEntry shard = parse_file(item, file_names);
    shard.samples = item.at("samples").count();
    shard.content = item.at("content").checksum();
    item.check(shard.samples > 0, "has no samples");
    samples += shard.samples;
    item.check(samples <= kMaxCount, "has too many samples");
    split.shards.push_back(std::move(shard));
  }
  place.at("samples").check(samples == split.samples, "is ", split.samples, ", the shards have ", samples);
  return split;
}

Json to_json(const Attributes& attributes) {
  Json json = Json::object();
  for (const auto& [key, value] : attributes) {
    std::visit([&, &name = key](const auto& v) { json[name] = v; }, value);
  }
  return json;
}

Json to_json(const FileEntry& entry) {
  return {{"file", entry.name}, {"bytes", entry.digest.bytes}, {"crc32", hex(entry.digest.crc32)}};
}

template <class T>
const T& value_of(const Attributes& attributes, const std::string& name, std::string_view kind) {
  const auto found = attributes.find(name);
  require<IoError>(found != attributes.end(), "dataset", "the data set has no attribute '", name, "'");
  const T* value = std::get_if<T>(&found->second);
  require<IoError>(value, "dataset", "attribute '", name, "' of the data set is not ", kind);
  return *value;
}

}  // namespace

std::ostream& operator<<(std::ostream& out, const ColumnSpec& column) {
  return out << column.type << (column.ragged ? " ragged " : " ") << column.shape;
}

std::ostream& operator<<(std::ostream& out, const DataIdentity& data) {
  return out << data.name << " " << data.fingerprint;
}

bool is_plain_name(std::string_view name) {
  const auto plain = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '-' ||
           c == '.';
  };
  return !name.empty() && name.size() <= 100 && name[0] != '.' && std::ranges::all_of(name, plain);
}

const SplitEntry& Manifest::split(std::string_view wanted) const {
  const auto found = std::ranges::find(splits, wanted, &SplitEntry::name);
  if (found != splits.end()) return *found;
  fail<IoError>("dataset", "'", name, "' has no split '", wanted, "'; there are: ", join(splits, &SplitEntry::name));
}

const std::string& Manifest::text(const std::string& key) const {
  return value_of<std::string>(attributes, key, "a text");
}
int64_t Manifest::integer(const std::string& key) const { return value_of<int64_t>(attributes, key, "an integer"); }
const std::vector<std::string>& Manifest::list(const std::string& key) const {
  return value_of<std::vector<std::string>>(attributes, key, "a list");
}

std::string Manifest::fingerprint() const {
  uint32_t crc = 0;
  for (const SplitEntry& entry : splits) {
    crc = crc32_of(str(entry.name, " ", entry.samples, "\n"), crc);
    for (const ColumnSpec& column : entry.columns) crc = crc32_of(str(column.name, " ", column, "\n"), crc);
    for (const FileEntry& shard : entry.shards) crc = crc32_of(str(shard.samples, " ", hex(shard.content), "\n"), crc);
  }
  for (const FileEntry& file : files) crc = crc32_of(str(file.name, " ", hex(file.digest.crc32), "\n"), crc);
  return hex(crc);
}

DataIdentity Manifest::identity() const {
  return {.name = name, .fingerprint = fingerprint(), .vocabulary = hex(file(text("tokenizer")).digest.crc32)};
}

const FileEntry& Manifest::file(const std::string& wanted) const {
  const auto entry = std::ranges::find(files, wanted, &FileEntry::name);
  require<IoError>(entry != files.end(), "dataset", "'", name, "' has no file '", wanted, "'");
  return *entry;
}

Manifest parse_manifest(std::string_view text, const std::string& source) {
  Json document;
  try {
    document = Json::parse(text);
  } catch (const Json::exception& e) {
    fail<IoError>("dataset", source, ": not JSON: ", e.what());
  }
  const Place root{document, source, ""};
  require<IoError>(root.has("format") && document["format"] == "triad-dataset", "dataset", source,
                   ": does not describe a data set of triad");
  const int64_t schema = root.at("schema").count();
  require<IoError>(schema == kDatasetSchema, "dataset", source, ": schema version ", schema, ", this program reads ",
                   kDatasetSchema,
                   Hint{schema > kDatasetSchema ? "use a newer triad, or build the data set again with this one"
                                                : "build the data set again"});
  Manifest manifest;
  manifest.name = root.at("name").text();
  const Place provenance = root.at("provenance");
  const Place seed = provenance.at("seed");
  seed.check(seed.json.is_number_unsigned(), "is not a seed");
  manifest.provenance = {provenance.at("generator").text(), provenance.at("tool_version").text(),
                         seed.json.get<uint64_t>(), parse_attributes(provenance.at("options"))};
  manifest.attributes = parse_attributes(root.at("attributes"));
  std::set<std::string> file_names, split_names;
  for (const Place& item : root.at("splits").items()) {
    manifest.splits.push_back(parse_split(item, file_names));
    item.check(split_names.insert(manifest.splits.back().name).second, "has the name of another split");
  }
  for (const Place& item : root.at("files").items()) manifest.files.push_back(parse_file(item, file_names));
  return manifest;
}

Manifest read_manifest(const std::filesystem::path& folder) {
  const std::filesystem::path path = folder / kManifestName;
  std::error_code ignored;
  require<IoError>(std::filesystem::is_directory(folder, ignored), "dataset", "no folder ", folder.string());
  if (!std::filesystem::exists(path, ignored)) {
    const bool interrupted = std::filesystem::exists(folder / kBuildMarker, ignored);
    fail<IoError>(
        "dataset", folder.string(),
        interrupted ? " is not complete: its build was interrupted" : " is not a data set: it has no dataset.json",
        Hint{"build it: triad data build NAME --out " + folder.string()});
  }
  return parse_manifest(read_whole_file(path, kMaxManifestBytes), path.string());
}

std::string to_json(const Manifest& manifest) {
  Json document;
  document["format"] = "triad-dataset";
  document["schema"] = kDatasetSchema;
  document["name"] = manifest.name;
  document["provenance"] = {{"generator", manifest.provenance.generator},
                            {"tool_version", manifest.provenance.tool_version},
                            {"seed", manifest.provenance.seed},
                            {"options", to_json(manifest.provenance.options)}};
  document["attributes"] = to_json(manifest.attributes);
  document["splits"] = Json::array();
  for (const SplitEntry& split : manifest.splits) {
    Json columns = Json::array(), shards = Json::array();
    for (const ColumnSpec& column : split.columns) {
      columns.push_back({{"name", column.name},
                         {"type", name_of(column.type)},
                         {"ragged", column.ragged},
                         {"shape", std::vector<int64_t>(column.shape.begin(), column.shape.end())}});
    }
    for (const FileEntry& shard : split.shards) {
      Json entry = to_json(shard);
      entry["samples"] = shard.samples;
      entry["content"] = hex(shard.content);
      shards.push_back(std::move(entry));
    }
    document["splits"].push_back({{"name", split.name},
                                  {"samples", split.samples},
                                  {"columns", std::move(columns)},
                                  {"shards", std::move(shards)}});
  }
  document["files"] = Json::array();
  for (const FileEntry& file : manifest.files) document["files"].push_back(to_json(file));
  return document.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

}  // namespace triad::data
