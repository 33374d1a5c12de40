// dataset.json: what a data set on disk is, where it comes from and which files it consists of.
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "triad/core/base/shape.h"
#include "triad/data/formats/durable_file.h"
#include "triad/data/formats/element_type.h"

namespace triad::data {

/// Version of dataset.json and of the shards. A reader refuses others.
inline constexpr int64_t kDatasetSchema = 1;
inline constexpr std::string_view kManifestName = "dataset.json";
/// Stands in a folder whose data set is being built.
inline constexpr std::string_view kBuildMarker = ".building";

/// A named value in dataset.json: a class list, a sample rate, the name of the tokenizer's file.
using Attribute = std::variant<bool, int64_t, double, std::string, std::vector<std::string>>;
using Attributes = std::map<std::string, Attribute>;

/// One column of a split. A fixed column has rows of `shape`; a ragged one has rows of any length, each entry of
/// `shape` (text: u8 of shape []; sound: i16 or f32 of shape []; log-mel frames: f32 of shape [80]).
struct ColumnSpec {
  std::string name;
  ElementType type = ElementType::u8;
  bool ragged = false;
  Shape shape;

  /// Bytes of a row of a fixed column, of one entry of a ragged one.
  size_t entry_bytes() const { return size_of(type) * static_cast<size_t>(shape.numel()); }
  friend bool operator==(const ColumnSpec&, const ColumnSpec&) = default;
};
std::ostream& operator<<(std::ostream& out, const ColumnSpec& column);  // "u8 [3, 64, 64]", "i16 ragged []"

/// A file of the data set. `content` is the CRC-32 of what a shard says, whatever the library that compressed it.
struct FileEntry {
  std::string name;
  FileDigest digest;
  int64_t samples = 0;
  uint32_t content = 0;
};

struct SplitEntry {
  std::string name;
  int64_t samples = 0;
  std::vector<ColumnSpec> columns;
  std::vector<FileEntry> shards;
};

/// Names of splits, columns and files: 1 to 100 letters, digits, '_', '-', '.', not beginning with '.'. They become
/// parts of paths.
bool is_plain_name(std::string_view name);

/// How the data set was made: enough to make it again.
struct Provenance {
  std::string generator;     ///< name of the builder
  std::string tool_version;  ///< of triad
  uint64_t seed = 0;
  Attributes options;
};

/// Which data set something was made with.
struct DataIdentity {
  std::string name;
  std::string fingerprint;  ///< Manifest::fingerprint()
  std::string vocabulary;   ///< checksum of the tokenizer's file: with another one, tokens mean other words

  friend bool operator==(const DataIdentity&, const DataIdentity&) = default;
};
std::ostream& operator<<(std::ostream& out, const DataIdentity& data);  // "scenes 1a2b3c4d"

struct Manifest {
  std::string name;
  Provenance provenance;
  Attributes attributes;
  std::vector<SplitEntry> splits;
  std::vector<FileEntry> files;  ///< besides the shards: vocabularies and the like

  /// IoError naming the splits there are, if this one is not among them.
  const SplitEntry& split(std::string_view name) const;
  /// A file beside the shards. IoError if there is none of that name.
  const FileEntry& file(const std::string& name) const;
  /// Value of an attribute. IoError if it is missing or of another kind.
  const std::string& text(const std::string& name) const;
  int64_t integer(const std::string& name) const;
  const std::vector<std::string>& list(const std::string& name) const;

  /// Eight hexadecimal digits that change with any value of any sample and any byte of another file, and do not depend on
  /// compression: the identity of the data, to be kept with results.
  std::string fingerprint() const;
  /// IoError unless the attribute `tokenizer` names a file of the data set.
  DataIdentity identity() const;
};

/// Manifest of the data set in `folder`. IoError, naming file and key, if there is none, if its build did not finish,
/// or for content that no writer produces.
Manifest read_manifest(const std::filesystem::path& folder);
/// The same from text; `source` names it in messages.
Manifest parse_manifest(std::string_view text, const std::string& source);
std::string to_json(const Manifest& manifest);

}  // namespace triad::data
