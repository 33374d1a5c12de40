// Element types of arrays in files: those of tensors, and 16-bit integers, which sound is recorded in.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <ostream>
#include <string_view>

#include "triad/core/base/dtype.h"

namespace triad::data {

/// The first eight are those of DType, in the same order.
enum class ElementType : uint8_t { f32, bf16, f16, f64, i64, i32, u8, boolean, i16 };

inline constexpr std::array kAllElementTypes = {ElementType::f32, ElementType::bf16,    ElementType::f16,
                                                ElementType::f64, ElementType::i64,     ElementType::i32,
                                                ElementType::u8,  ElementType::boolean, ElementType::i16};

constexpr ElementType element_of(DType dtype) { return static_cast<ElementType>(dtype); }

/// The dtype of tensors of such elements; none for i16.
constexpr std::optional<DType> dtype_of_element(ElementType type) {
  if (type == ElementType::i16) return std::nullopt;
  return static_cast<DType>(type);
}

/// Bytes of one element.
constexpr size_t size_of(ElementType type) { return type == ElementType::i16 ? 2 : size_of(static_cast<DType>(type)); }

constexpr std::string_view name_of(ElementType type) {
  return type == ElementType::i16 ? "i16" : name_of(static_cast<DType>(type));
}

/// Inverse of name_of; none for an unknown name.
constexpr std::optional<ElementType> element_from_name(std::string_view name) {
  for (const ElementType type : kAllElementTypes) {
    if (name_of(type) == name) return type;
  }
  return std::nullopt;
}

inline std::ostream& operator<<(std::ostream& out, ElementType type) { return out << name_of(type); }

/// The element type of a C++ type.
template <class T>
inline constexpr ElementType element_type_of = element_of(dtype_of<T>);
template <>
inline constexpr ElementType element_type_of<int16_t> = ElementType::i16;

}  // namespace triad::data
