#include "triad/data/formats/safetensors.h"

#include <algorithm>
#include <array>
#include <bit>
#include <set>
#include <span>
#include <utility>

#include <nlohmann/json.hpp>

#include "triad/core/base/error.h"
#include "triad/data/formats/durable_file.h"

namespace triad::data {
namespace {

static_assert(std::endian::native == std::endian::little, "the bytes of tensors go to and from the file as they are");

using Json = nlohmann::json;

/// The format's own limit.
constexpr uint64_t kLongestHeader = 100'000'000;
constexpr std::string_view kMetadataKey = "__metadata__";
/// Objects and lists inside one another: header, tensor, shape.
constexpr int kDeepest = 3;

struct TypeName {
  std::string_view name;
  int64_t bytes;
  std::optional<DType> dtype;
};
constexpr std::array kTypes = {
    TypeName{"F64", 8, DType::f64},      TypeName{"F32", 4, DType::f32},       TypeName{"F16", 2, DType::f16},
    TypeName{"BF16", 2, DType::bf16},    TypeName{"I64", 8, DType::i64},       TypeName{"I32", 4, DType::i32},
    TypeName{"I16", 2, std::nullopt},    TypeName{"I8", 1, std::nullopt},      TypeName{"U64", 8, std::nullopt},
    TypeName{"U32", 4, std::nullopt},    TypeName{"U16", 2, std::nullopt},     TypeName{"U8", 1, DType::u8},
    TypeName{"BOOL", 1, DType::boolean}, TypeName{"F8_E4M3", 1, std::nullopt}, TypeName{"F8_E5M2", 1, std::nullopt}};

const TypeName& type_of(DType dtype) {
  return *std::find_if(kTypes.begin(), kTypes.end(), [dtype](const TypeName& t) { return t.dtype == dtype; });
}

template <class... Parts>
[[noreturn]] void refuse(const std::string& source, const Parts&... parts) {
  fail<IoError>("safetensors", source, ": ", parts...);
}

/// Parses text that may be anything; nlohmann alone would let the last of several equal keys win.
Json parse_strictly(std::string_view text, const std::string& source) {
  std::vector<std::set<std::string>> keys;  // of the objects around the current place
  const auto watch = [&](int depth, Json::parse_event_t event, Json& parsed) {
    switch (event) {
      case Json::parse_event_t::array_start:
      case Json::parse_event_t::object_start:
        if (depth >= kDeepest) refuse(source, "the header nests deeper than the format does");
        if (event == Json::parse_event_t::object_start) keys.emplace_back();
        break;
      case Json::parse_event_t::object_end: keys.pop_back(); break;
      case Json::parse_event_t::key:
        if (!keys.back().insert(parsed.get<std::string>()).second) {
          refuse(source, "the header has ", parsed.dump(), " twice");
        }
        break;
      default: break;
    }
    return true;
  };
  try {
    return Json::parse(text, watch);
  } catch (const Json::exception& e) {
    refuse(source, "the header is not JSON: ", std::string_view(e.what()).substr(0, 300));
  }
}

SafetensorsEntry parse_entry(const std::string& name, const Json& json, const std::string& source) {
  const auto check = [&](bool holds, const auto&... parts) {
    if (!holds) refuse(source, "tensor '", name, "' ", parts...);
  };
  check(json.is_object() && json.contains("dtype") && json.contains("shape") && json.contains("data_offsets") &&
            json.size() == 3,
        "is not described by dtype, shape and data_offsets");
  SafetensorsEntry entry{.name = name};

  check(json["dtype"].is_string(), "has a dtype that is no text");
  entry.type = json["dtype"].get<std::string>();
  const auto type = std::find_if(kTypes.begin(), kTypes.end(), [&](const TypeName& t) { return t.name == entry.type; });
  check(type != kTypes.end(), "has the unknown dtype '", entry.type, "'");
  entry.dtype = type->dtype;

  const auto whole = [](const Json& number) {
    return number.is_number_unsigned() && number.get<uint64_t>() <= INT64_MAX;
  };
  const Json& shape = json["shape"];
  check(shape.is_array() && shape.size() <= static_cast<size_t>(kMaxRank), "has no shape of at most ", kMaxRank,
        " axes");
  int64_t bytes = type->bytes;
  for (const Json& extent : shape) {
    check(whole(extent), "has the extent ", extent.dump());
    entry.shape.push_back(extent.get<int64_t>());
    check(!__builtin_mul_overflow(bytes, entry.shape.back(), &bytes), "has a shape of more than 2^63 bytes");
  }

  const Json& offsets = json["data_offsets"];
  check(offsets.is_array() && offsets.size() == 2 && whole(offsets[0]) && whole(offsets[1]),
        "has no data_offsets [begin, end]");
  entry.begin = offsets[0].get<int64_t>();
  entry.end = offsets[1].get<int64_t>();
  check(entry.begin <= entry.end && entry.end - entry.begin == bytes, "lies at bytes ", entry.begin, " to ", entry.end,
        ", but ", entry.type, " ", entry.shape, " takes ", bytes);
  return entry;
}

/// Bool bytes other than 0 and 1 would be undefined behaviour in whoever reads them.
void check_truth_values(std::span<const std::byte> bytes, const std::string& source, const std::string& name) {
  const auto bad = std::find_if(bytes.begin(), bytes.end(), [](std::byte b) { return b > std::byte{1}; });
  if (bad == bytes.end()) return;
  refuse(source, "tensor '", name, "' of dtype BOOL has the byte ", std::to_integer<int>(*bad), " at element ",
         bad - bytes.begin());
}

}  // namespace

SafetensorsHeader parse_safetensors_header(std::string_view text, int64_t data_bytes, const std::string& source) {
  const Json json = parse_strictly(text, source);
  if (!json.is_object()) refuse(source, "the header is not a JSON object");
  SafetensorsHeader header;
  for (const auto& [key, value] : json.items()) {
    if (key != kMetadataKey) {
      header.entries.push_back(parse_entry(key, value, source));
      continue;
    }
    if (!value.is_object()) refuse(source, "__metadata__ is not an object");
    for (const auto& [name, content] : value.items()) {
      if (!content.is_string()) refuse(source, "__metadata__ '", name, "' is not a text");
      header.metadata[name] = content.get<std::string>();
    }
  }
  std::ranges::stable_sort(header.entries, {}, [](const SafetensorsEntry& e) { return std::pair(e.begin, e.end); });
  int64_t covered = 0;
  for (const SafetensorsEntry& entry : header.entries) {
    if (entry.begin != covered) {
      refuse(source, "tensor '", entry.name, "' begins at byte ", entry.begin, " of the data, expected ", covered,
             entry.begin < covered ? ": it overlaps another" : ": there is a gap");
    }
    covered = entry.end;
  }
  if (covered != data_bytes) {
    refuse(source, "the tensors take ", covered, " bytes, the file has ", data_bytes, " after the header",
           Hint{data_bytes < covered ? "the file was cut off" : "the file has something behind its end"});
  }
  return header;
}

SafetensorsReader::SafetensorsReader(const std::filesystem::path& path) : file_(path) {
  const std::string source = path.string();
  const int64_t bytes = file_.size();
  if (bytes < 8) refuse(source, "the file has ", bytes, " bytes, expected at least 8");
  uint64_t length = 0;
  file_.read_at(0, std::as_writable_bytes(std::span(&length, 1)));
  if (length > kLongestHeader || static_cast<int64_t>(length) > bytes - 8) {
    refuse(source, "the header should take ", length, " bytes, of a file of ", bytes,
           Hint{"this is no safetensors file, or it was cut off"});
  }
  std::string json(length, '\0');
  file_.read_at(8, std::as_writable_bytes(std::span(json)));
  data_offset_ = 8 + static_cast<int64_t>(length);
  header_ = parse_safetensors_header(json, bytes - data_offset_, source);
  for (size_t i = 0; i < header_.entries.size(); ++i) index_[header_.entries[i].name] = i;
}

Tensor SafetensorsReader::read(const std::string& name) const {
  const std::string source = file_.path().string();
  const auto found = index_.find(name);
  if (found == index_.end()) refuse(source, "there is no tensor '", name, "'");
  const SafetensorsEntry& entry = header_.entries[found->second];
  if (!entry.dtype)
    refuse(source, "tensor '", name, "' has the dtype ", entry.type, ", which triad's tensors do not have");
  Tensor tensor = empty(entry.shape, *entry.dtype);
  const std::span bytes(static_cast<std::byte*>(tensor.mutable_raw_data()),
                        static_cast<size_t>(entry.end - entry.begin));
  file_.read_at(data_offset_ + entry.begin, bytes);
  if (*entry.dtype == DType::boolean) check_truth_values(bytes, source, name);
  return tensor;
}

TensorMap read_safetensors(const std::filesystem::path& path, SafetensorsMetadata* metadata) {
  const SafetensorsReader reader(path);
  TensorMap tensors;
  for (const SafetensorsEntry& entry : reader.header().entries) tensors[entry.name] = reader.read(entry.name);
  if (metadata) *metadata = reader.header().metadata;
  return tensors;
}

void write_safetensors(const std::filesystem::path& path, const TensorMap& tensors,
                       const SafetensorsMetadata& metadata) {
  // The Python package sorts by its own list of types, from wide to narrow.
  constexpr std::array kWriteOrder = {DType::i64,  DType::f64, DType::f32, DType::i32,
                                      DType::bf16, DType::f16, DType::u8,  DType::boolean};
  const auto entry_of = [](const std::string& name, const Tensor& tensor, int64_t begin, int64_t end) {
    const Json shape = std::vector<int64_t>(tensor.shape().begin(), tensor.shape().end());
    return str(Json(name).dump(), R"(:{"dtype":")", type_of(tensor.dtype()).name, R"(","shape":)", shape.dump(),
               R"(,"data_offsets":[)", begin, ",", end, "]}");
  };
  std::string json = "{";
  std::vector<const Tensor*> order;
  int64_t offset = 0;
  try {
    if (!metadata.empty()) json += str(Json(kMetadataKey).dump(), ":", Json(metadata).dump());
    for (const DType dtype : kWriteOrder) {
      for (const auto& [name, tensor] : tensors) {
        require<ValueError>(tensor.defined(), "safetensors", "tensor '", name, "' is undefined");
        require<ValueError>(name != kMetadataKey, "safetensors", "a tensor cannot be called ", kMetadataKey);
        if (tensor.dtype() != dtype) continue;
        const int64_t end = offset + tensor.numel() * static_cast<int64_t>(size_of(dtype));
        if (json.size() > 1) json += ',';
        json += entry_of(name, tensor, offset, end);
        order.push_back(&tensor);
        offset = end;
      }
    }
  } catch (const Json::exception& e) {
    fail<ValueError>("safetensors", path.string(), ": a name or metadata is not UTF-8: ", e.what());
  }
  json += '}';
  json.append((8 - json.size() % 8) % 8, ' ');
  require<ValueError>(json.size() <= kLongestHeader, "safetensors", path.string(), ": the header would take ",
                      json.size(), " bytes, the format allows ", kLongestHeader);

  StagedWriter writer(path);
  const uint64_t length = json.size();
  writer.write({reinterpret_cast<const char*>(&length), sizeof length});
  writer.write(json);
  for (const Tensor* tensor : order) {
    Tensor host = tensor->detach();
    if (!(host.device() == kCpu) || !host.is_contiguous()) {
      host = empty(tensor->shape(), tensor->dtype());
      copy_into(host, tensor->detach());
    }
    writer.write(
        {static_cast<const char*>(host.raw_data()), static_cast<size_t>(host.numel()) * size_of(host.dtype())});
  }
  writer.publish();
}

}  // namespace triad::data
