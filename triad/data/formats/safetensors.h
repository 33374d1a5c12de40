// safetensors: named tensors in one file. A length (u64), a JSON header of that length, then the bytes of the tensors
// one after the other, little-endian, row-major. https://github.com/huggingface/safetensors
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "triad/core/tensor/tensor.h"
#include "triad/data/formats/file.h"

namespace triad::data {

using TensorMap = std::map<std::string, Tensor>;
/// Free text beside the tensors.
using SafetensorsMetadata = std::map<std::string, std::string>;

/// What the header says of one tensor.
struct SafetensorsEntry {
  std::string name;
  std::string type;            ///< as in the file: "F32", "BF16", "U16", …
  std::optional<DType> dtype;  ///< none for types that triad's tensors do not have
  Shape shape;
  int64_t begin = 0;  ///< bytes, from the end of the header
  int64_t end = 0;
};

struct SafetensorsHeader {
  std::vector<SafetensorsEntry> entries;  ///< in the order of their bytes
  SafetensorsMetadata metadata;
};

/// The header `json` of a file that has `data_bytes` after it. IoError, naming `source` and the tensor, unless it
/// follows the format: no name twice, sizes that fit type and shape, and tensors that fill the data without gap or
/// overlap.
SafetensorsHeader parse_safetensors_header(std::string_view json, int64_t data_bytes, const std::string& source);

/// A file whose tensors are read one by one.
class SafetensorsReader {
 public:
  /// Reads the header. IoError if the file cannot be read or is damaged.
  explicit SafetensorsReader(const std::filesystem::path& path);

  const SafetensorsHeader& header() const { return header_; }
  bool contains(const std::string& name) const { return index_.contains(name); }
  /// IoError if there is no such tensor, its type has no DType, or its bytes cannot be read.
  Tensor read(const std::string& name) const;

 private:
  RegularFile file_;
  int64_t data_offset_ = 0;
  SafetensorsHeader header_;
  std::map<std::string, size_t> index_;
};

/// All tensors of a file, and its metadata if wanted. Errors as of SafetensorsReader.
TensorMap read_safetensors(const std::filesystem::path& path, SafetensorsMetadata* metadata = nullptr);

/// Writes tensors of any device and strides; byte for byte what the Python package writes (largest elements first, then
/// by name). The file is complete or as it was before (durable_file.h). ValueError for a name or text that is not
/// UTF-8, the name "__metadata__" and an undefined tensor; IoError if it cannot be written.
void write_safetensors(const std::filesystem::path& path, const TensorMap& tensors,
                       const SafetensorsMetadata& metadata = {});

}  // namespace triad::data
