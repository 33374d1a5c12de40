// One sample of a data set: a value for each column.
#pragma once

#include <cstddef>
#include <cstring>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include "triad/core/base/error.h"
#include "triad/core/base/shape.h"
#include "triad/data/formats/element_type.h"

namespace triad::data {

/// The value of one column in one sample, as read. Row-major; the first axis of a ragged column is its length.
struct Value {
  ElementType type = ElementType::u8;
  Shape shape;
  std::vector<std::byte> bytes;

  /// The elements. IoError if they are not of type T; bool is read as uint8_t of 0 and 1.
  template <class T>
  std::span<const T> as() const {
    require<IoError>(
        type == element_type_of<T> || (type == ElementType::boolean && element_type_of<T> == ElementType::u8),
        "dataset", "a column of ", type, " is read as ", element_type_of<T>);
    return {reinterpret_cast<const T*>(bytes.data()), bytes.size() / sizeof(T)};
  }
  /// The only element.
  template <class T>
  T scalar() const {
    const std::span<const T> all = as<T>();
    require<IoError>(all.size() == 1, "dataset", "a column of shape ", shape, " is read as one number");
    return all.front();
  }
  /// A column of bytes as text.
  std::string text() const {
    const std::span<const uint8_t> all = as<uint8_t>();
    return {all.begin(), all.end()};
  }
};

/// All columns of one sample, in the order of the split's column list.
class Sample {
 public:
  std::vector<std::pair<std::string, Value>> columns;

  /// IoError if there is no such column.
  const Value& operator[](std::string_view name) const {
    for (const auto& [column, value] : columns) {
      if (column == name) return value;
    }
    fail<IoError>("dataset", "the sample has no column '", name, "'");
  }
};

/// The value of one column of a sample to be written, from a number, a text or a list of numbers. A view: what it was
/// made from must outlive it, as temporaries in the call of ShardWriter::add do.
class Cell {
 public:
  template <class T>
    requires(std::is_arithmetic_v<T>)
  Cell(const T& value) : type_(element_type_of<T>), bytes_(std::as_bytes(std::span(&value, 1))) {}
  Cell(std::string_view text) : type_(ElementType::u8), bytes_(std::as_bytes(std::span(text))) {}
  Cell(const std::string& text) : Cell(std::string_view(text)) {}
  Cell(const char* text) : Cell(std::string_view(text)) {}
  template <class T>
  Cell(std::span<const T> values) : type_(element_type_of<T>), bytes_(std::as_bytes(values)) {}
  template <class T>
  Cell(const std::vector<T>& values) : Cell(std::span<const T>(values)) {}

  ElementType type() const { return type_; }
  std::span<const std::byte> bytes() const { return bytes_; }

 private:
  ElementType type_;
  std::span<const std::byte> bytes_;
};

}  // namespace triad::data
