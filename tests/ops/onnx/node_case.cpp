#include "tests/ops/onnx/node_case.h"

#include <algorithm>
#include <cstring>
#include <fstream>
#include <iterator>
#include <map>

namespace triad::onnx {

using nlohmann::json;

std::vector<NodeCase::Slot> NodeCase::slots(const json& names, const json& tensors, const std::vector<char>& bytes) {
  std::map<std::string, Slot> by_name;
  for (const json& t : tensors) {
    Slot slot{.present = true, .dtype = t.at("dtype"), .value = {}};
    const bool ours =
        std::any_of(kAllDTypes.begin(), kAllDTypes.end(), [&](DType d) { return name_of(d) == slot.dtype; });
    if (ours) {
      const auto shape = t.at("shape").get<std::vector<int64_t>>();
      const auto offset = t.at("offset").get<size_t>(), size = t.at("nbytes").get<size_t>();
      slot.value = empty(Shape(shape), dtype_from_name(slot.dtype));
      require<IoError>(size == static_cast<size_t>(slot.value.numel()) * size_of(slot.value.dtype()) &&
                           offset + size <= bytes.size(),
                       "cases.bin", "tensor ", t.at("name"), " does not fit its shape or leaves the file");
      if (size > 0) std::memcpy(slot.value.mutable_raw_data(), bytes.data() + offset, size);
    }
    by_name[t.at("name")] = slot;
  }
  std::vector<Slot> out;
  for (const json& name : names) out.push_back(name == "" ? Slot{} : by_name[name]);
  return out;
}

NodeCase::NodeCase(const json& line, const std::vector<char>& bytes)
    : name_(line.at("case")),
      op_(line.at("op")),
      opset_(line.at("opset").begin().value()),
      attributes_(line.at("attributes")),
      inputs_(slots(line.at("node_inputs"), line.at("inputs"), bytes)),
      outputs_(slots(line.at("node_outputs"), line.at("outputs"), bytes)) {}

Tensor NodeCase::in(size_t i) const {
  if (!has(i)) throw NotExpressible(str("without input ", i));
  if (!inputs_[i].value.defined()) throw NotExpressible(str("dtype ", inputs_[i].dtype));
  inputs_read_.insert(i);
  return inputs_[i].value;
}

Tensor NodeCase::expected(size_t i) const {
  if (!wants_output(i)) return {};
  if (!outputs_[i].value.defined()) throw NotExpressible(str("dtype ", outputs_[i].dtype));
  return outputs_[i].value;
}

void NodeCase::require_all_read() const {
  for (const auto& [name, value] : attributes_.items()) {
    if (!read_.contains(name)) throw NotExpressible("attribute " + name);
  }
  for (size_t i = 0; i < inputs_.size(); ++i) {
    if (inputs_[i].present && !inputs_read_.contains(i)) throw NotExpressible(str("input ", i));
  }
}

std::vector<NodeCase> load_cases(const std::filesystem::path& folder) {
  std::ifstream binary(folder / "cases.bin", std::ios::binary), lines(folder / "cases.jsonl");
  require<IoError>(binary.good() && lines.good(), folder.string(), "cases.jsonl and cases.bin must both be there");
  const std::vector<char> bytes((std::istreambuf_iterator<char>(binary)), std::istreambuf_iterator<char>());
  std::vector<NodeCase> cases;
  for (std::string line; std::getline(lines, line);) {
    if (!line.empty()) cases.emplace_back(json::parse(line), bytes);
  }
  return cases;
}

}  // namespace triad::onnx
