// The ONNX project's single-node test cases: inputs, attributes and outputs that others computed.
#pragma once

#include <filesystem>
#include <set>
#include <stdexcept>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "triad/core/tensor/tensor.h"

namespace triad::onnx {

/// Thrown where our ops cannot say what a case asks for. Not a failure: the case is listed.
class NotExpressible : public std::runtime_error {
  using std::runtime_error::runtime_error;
};

/// One case. Accessors remember what was read, so that an attribute or input that an operator does not know about makes
/// the case NotExpressible instead of silently wrong.
class NodeCase {
 public:
  /// `line` is one object of cases.jsonl; `bytes` the content of cases.bin.
  NodeCase(const nlohmann::json& line, const std::vector<char>& bytes);

  const std::string& name() const { return name_; }
  const std::string& op() const { return op_; }
  int64_t opset() const { return opset_; }

  /// Number of input slots, absent ones included.
  size_t input_count() const { return inputs_.size(); }
  bool has(size_t i) const { return i < inputs_.size() && inputs_[i].present; }
  /// Input i; NotExpressible if it is absent or of a dtype we lack.
  Tensor in(size_t i) const;
  /// Input i, undefined if it is absent.
  Tensor optional(size_t i) const { return has(i) ? in(i) : Tensor(); }
  Tensor in(size_t i, const Tensor& otherwise) const { return has(i) ? in(i) : otherwise; }
  /// The values of input i as integers.
  std::vector<int64_t> list(size_t i) const { return in(i).to_vector<int64_t>(); }

  int64_t integer(const std::string& attribute, int64_t otherwise) const { return read(attribute, otherwise); }
  double number(const std::string& attribute, double otherwise) const { return read(attribute, otherwise); }
  bool flag(const std::string& attribute, bool otherwise) const { return integer(attribute, otherwise) != 0; }
  std::string text(const std::string& attribute, const std::string& otherwise) const {
    return read(attribute, otherwise);
  }
  std::vector<int64_t> integers(const std::string& attribute, const std::vector<int64_t>& otherwise = {}) const {
    return read(attribute, otherwise);
  }
  bool has_attribute(const std::string& attribute) const { return attributes_.contains(attribute); }
  /// Says that an attribute makes no difference here.
  void ignore(const std::string& attribute) const { read_.insert(attribute); }

  bool wants_output(size_t i) const { return i < outputs_.size() && outputs_[i].present; }
  size_t output_count() const { return outputs_.size(); }
  /// What output i must be; undefined if nobody asks for it.
  Tensor expected(size_t i) const;

  /// NotExpressible if there is an attribute or an input that was never read.
  void require_all_read() const;

 private:
  struct Slot {
    bool present = false;
    std::string dtype;  ///< as the file names it; ours or not
    Tensor value;       ///< undefined for a dtype we lack
  };

  template <class T>
  T read(const std::string& attribute, const T& otherwise) const {
    read_.insert(attribute);
    return attributes_.contains(attribute) ? attributes_.at(attribute).get<T>() : otherwise;
  }
  static std::vector<Slot> slots(const nlohmann::json& names, const nlohmann::json& tensors,
                                 const std::vector<char>& bytes);

  std::string name_, op_;
  int64_t opset_ = 0;
  nlohmann::json attributes_;
  std::vector<Slot> inputs_, outputs_;
  mutable std::set<std::string> read_;
  mutable std::set<size_t> inputs_read_;
};

/// All cases of a folder with cases.jsonl and cases.bin.
std::vector<NodeCase> load_cases(const std::filesystem::path& folder);

}  // namespace triad::onnx
