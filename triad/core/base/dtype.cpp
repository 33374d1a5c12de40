#include "triad/core/base/dtype.h"

namespace triad {

DType dtype_from_name(std::string_view name) {
  for (const DType dtype : kAllDTypes) {
    if (name_of(dtype) == name) return dtype;
  }
  fail<DTypeError>("dtype_from_name", "unknown dtype '", name, "', expected one of f32 bf16 f16 f64 i64 i32 u8 bool");
}

}  // namespace triad
