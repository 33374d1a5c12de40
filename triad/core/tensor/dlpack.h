// Sharing memory with other tensor libraries, without copies, through DLPack.
#pragma once

#include <cstdint>
#include <memory>

#include "triad/core/tensor/tensor.h"

namespace triad::dlpack {

// The C structures of DLPack 1.x. Declared here because the headers that distributions carry predate version 1; names
// and order of the fields are ours and the ABI's. [github.com/dmlc/dlpack, include/dlpack/dlpack.h]

inline constexpr uint32_t kMajorVersion = 1, kMinorVersion = 0;

enum class DeviceCode : int32_t { cpu = 1, cuda = 2, cuda_host = 3 };
enum class TypeCode : uint8_t { integer = 0, unsigned_integer = 1, floating = 2, bfloat = 4, boolean = 6 };

struct ForeignDevice {
  DeviceCode type;
  int32_t index;
};

struct ForeignType {
  TypeCode code;
  uint8_t bits;
  uint16_t lanes;  ///< vector elements of one number each; we know 1 only
};

struct ForeignTensor {
  void* data;
  ForeignDevice device;
  int32_t rank;
  ForeignType dtype;
  int64_t* shape;
  int64_t* strides;      ///< in elements; null for row-major without gaps
  uint64_t byte_offset;  ///< from data to the first element
};

/// What travels between libraries since version 1.
struct Managed {
  uint32_t major_version, minor_version;
  void* context;                   ///< the producer's own
  void (*deleter)(Managed* self);  ///< called once, by whoever holds it last; may be null
  uint64_t flags;
  ForeignTensor tensor;
};
inline constexpr uint64_t kReadOnly = 1;  ///< of `flags`

/// What travelled before version 1, and is still common.
struct LegacyManaged {
  ForeignTensor tensor;
  void* context;
  void (*deleter)(LegacyManaged* self);
};

/// Calls the producer's deleter.
struct Release {
  void operator()(Managed* m) const {
    if (m->deleter) m->deleter(m);
  }
  void operator()(LegacyManaged* m) const {
    if (m->deleter) m->deleter(m);
  }
};
using ManagedPtr = std::unique_ptr<Managed, Release>;
using LegacyManagedPtr = std::unique_ptr<LegacyManaged, Release>;

/// A view of t for another library, which keeps the memory alive until it calls the deleter. release() the pointer to
/// hand it over. Writes by the other side are not counted in t.version().
/// Throws AutogradError if t requires a gradient (detach() it) and ValueError if it is undefined.
ManagedPtr to_dlpack(const Tensor& t);
LegacyManagedPtr to_dlpack_legacy(const Tensor& t);

/// A tensor over the memory of another library, given back by its deleter when the last view of it goes; given back at
/// once if it is refused.
/// Throws DTypeError for an element type we lack, DeviceError for a device this build lacks, ShapeError for more than
/// kMaxRank axes, negative extents or negative strides, ValueError for another major version, memory that is read-only,
/// missing or not aligned to its elements.
Tensor from_dlpack(ManagedPtr managed);
Tensor from_dlpack(LegacyManagedPtr managed);

}  // namespace triad::dlpack
