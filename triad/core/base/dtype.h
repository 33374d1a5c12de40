// Element types of tensors, and the one place that turns a run-time dtype into a compile-time type.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <ostream>
#include <string_view>
#include <type_traits>

#include "triad/core/base/error.h"
#include "triad/core/base/half.h"

namespace triad {

enum class DType : uint8_t { f32, bf16, f16, f64, i64, i32, u8, boolean };

inline constexpr std::array kAllDTypes = {DType::f32, DType::bf16, DType::f16, DType::f64,
                                          DType::i64, DType::i32,  DType::u8,  DType::boolean};

/// Bytes of one element.
constexpr size_t size_of(DType dtype) {
  switch (dtype) {
    case DType::f64:
    case DType::i64: return 8;
    case DType::f32:
    case DType::i32: return 4;
    case DType::bf16:
    case DType::f16: return 2;
    case DType::u8:
    case DType::boolean: return 1;
  }
  return 0;
}

constexpr bool is_floating(DType dtype) {
  return dtype == DType::f32 || dtype == DType::bf16 || dtype == DType::f16 || dtype == DType::f64;
}

/// "f32", "bf16", "f16", "f64", "i64", "i32", "u8", "bool".
constexpr std::string_view name_of(DType dtype) {
  constexpr std::array<std::string_view, 8> names = {"f32", "bf16", "f16", "f64", "i64", "i32", "u8", "bool"};
  return names[static_cast<size_t>(dtype)];
}

/// Inverse of name_of. Throws DTypeError for an unknown name.
DType dtype_from_name(std::string_view name);

inline std::ostream& operator<<(std::ostream& out, DType dtype) { return out << name_of(dtype); }

/// The type reductions, norms and losses accumulate in: f64 for f64, i64 for integers and bool, f32 for the rest.
constexpr DType accumulation_dtype(DType dtype) {
  if (dtype == DType::f64) return DType::f64;
  return is_floating(dtype) ? DType::f32 : DType::i64;
}

template <class T>
inline constexpr DType dtype_of = [] {
  if constexpr (std::is_same_v<T, float>) return DType::f32;
  else if constexpr (std::is_same_v<T, BFloat16>) return DType::bf16;
  else if constexpr (std::is_same_v<T, Float16>) return DType::f16;
  else if constexpr (std::is_same_v<T, double>) return DType::f64;
  else if constexpr (std::is_same_v<T, int64_t>) return DType::i64;
  else if constexpr (std::is_same_v<T, int32_t>) return DType::i32;
  else if constexpr (std::is_same_v<T, uint8_t>) return DType::u8;
  else {
    static_assert(std::is_same_v<T, bool>, "not an element type of tensors");
    return DType::boolean;
  }
}();

/// C++ type arithmetic on T is done in: float for the 16-bit types, T itself otherwise.
template <class T>
using Compute = std::conditional_t<std::is_same_v<T, BFloat16> || std::is_same_v<T, Float16>, float, T>;

/// C++ type of accumulation_dtype.
template <class T>
using Accumulate =
    std::conditional_t<std::is_same_v<T, double>, double, std::conditional_t<std::is_integral_v<T>, int64_t, float>>;

/// Calls f with std::type_identity<T>{} for the floating T of `dtype`; DTypeError naming `op` for the others.
template <class F>
decltype(auto) dispatch_floating(std::string_view op, DType dtype, F&& f) {
  switch (dtype) {
    case DType::f32: return f(std::type_identity<float>{});
    case DType::bf16: return f(std::type_identity<BFloat16>{});
    case DType::f16: return f(std::type_identity<Float16>{});
    case DType::f64: return f(std::type_identity<double>{});
    default: fail<DTypeError>(op, "expected a floating dtype, got ", dtype);
  }
}

/// Calls f with std::type_identity<T>{} for the T of `dtype`, of all eight.
template <class F>
decltype(auto) dispatch_all(DType dtype, F&& f) {
  switch (dtype) {
    case DType::f32: return f(std::type_identity<float>{});
    case DType::bf16: return f(std::type_identity<BFloat16>{});
    case DType::f16: return f(std::type_identity<Float16>{});
    case DType::f64: return f(std::type_identity<double>{});
    case DType::i64: return f(std::type_identity<int64_t>{});
    case DType::i32: return f(std::type_identity<int32_t>{});
    case DType::u8: return f(std::type_identity<uint8_t>{});
    case DType::boolean: return f(std::type_identity<bool>{});
  }
  fail<DTypeError>("dispatch", "no such dtype: ", static_cast<int>(dtype));
}

}  // namespace triad
