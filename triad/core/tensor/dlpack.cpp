#include "triad/core/tensor/dlpack.h"

#include <array>
#include <optional>
#include <utility>

namespace triad::dlpack {
namespace {

constexpr std::string_view kExport = "to_dlpack", kImport = "from_dlpack";

struct TypePair {
  DType ours;
  ForeignType theirs;
};

constexpr std::array kTypes = {
    TypePair{DType::f32, {TypeCode::floating, 32, 1}},       TypePair{DType::bf16, {TypeCode::bfloat, 16, 1}},
    TypePair{DType::f16, {TypeCode::floating, 16, 1}},       TypePair{DType::f64, {TypeCode::floating, 64, 1}},
    TypePair{DType::i64, {TypeCode::integer, 64, 1}},        TypePair{DType::i32, {TypeCode::integer, 32, 1}},
    TypePair{DType::u8, {TypeCode::unsigned_integer, 8, 1}}, TypePair{DType::boolean, {TypeCode::boolean, 8, 1}}};

ForeignType foreign_type(DType dtype) {
  for (const TypePair& pair : kTypes)
    if (pair.ours == dtype) return pair.theirs;
  fail<DTypeError>(kExport, "no DLPack type for ", dtype);
}

DType own_type(const ForeignType& type) {
  for (const TypePair& pair : kTypes) {
    if (pair.theirs.code == type.code && pair.theirs.bits == type.bits && type.lanes == 1) return pair.ours;
  }
  fail<DTypeError>(kImport, "element type code ", static_cast<int>(type.code), " of ", static_cast<int>(type.bits),
                   " bits and ", type.lanes, " lanes has no equal here",
                   Hint{"convert to one of f32, bf16, f16, f64, i64, i32, u8, bool"});
}

Device own_device(const ForeignDevice& device) {
  Device out = kCpu;
  switch (device.type) {
    case DeviceCode::cpu:
    case DeviceCode::cuda_host: break;  // pinned memory is host memory
    case DeviceCode::cuda: out = {DeviceType::cuda, device.index}; break;
    default: fail<DeviceError>(kImport, "device type ", static_cast<int>(device.type), " is neither the CPU nor CUDA");
  }
  memory_ops(out);  // throws if this build has no such device
  return out;
}

/// A tensor in foreign clothes and what they refer to, in one block that the deleter frees.
template <class M>
struct Exported {
  M managed{};
  Tensor keep_alive;
  std::array<int64_t, kMaxRank> shape{}, strides{};
};

template <class M>
std::unique_ptr<M, Release> exported(const Tensor& t) {
  require<ValueError>(t.defined(), kExport, "the tensor is undefined");
  require<AutogradError>(!t.requires_grad(), kExport,
                         "the tensor requires a gradient, which other libraries would not see",
                         Hint{"detach() it first"});
  auto out = std::make_unique<Exported<M>>();
  out->keep_alive = t;
  std::copy(t.shape().begin(), t.shape().end(), out->shape.begin());
  std::copy(t.strides().begin(), t.strides().end(), out->strides.begin());
  const bool on_cpu = t.device().type == DeviceType::cpu;
  out->managed.tensor = {.data = t.numel() == 0 ? nullptr : const_cast<void*>(t.raw_data()),
                         .device = {on_cpu ? DeviceCode::cpu : DeviceCode::cuda, t.device().index},
                         .rank = t.rank(),
                         .dtype = foreign_type(t.dtype()),
                         .shape = out->shape.data(),
                         .strides = out->strides.data(),
                         .byte_offset = 0};
  out->managed.context = out.get();
  out->managed.deleter = [](M* self) { delete static_cast<Exported<M>*>(self->context); };
  return std::unique_ptr<M, Release>(&out.release()->managed);
}

template <class M>
Tensor imported(std::unique_ptr<M, Release> managed) {
  const ForeignTensor& t = managed->tensor;
  const DType dtype = own_type(t.dtype);
  const Device device = own_device(t.device);
  require<ShapeError>(t.rank >= 0 && t.rank <= kMaxRank, kImport, "a tensor of ", t.rank, " axes, expected at most ",
                      kMaxRank);
  const Shape shape(std::span<const int64_t>(t.shape, static_cast<size_t>(t.rank)));
  const std::optional<int64_t> numel = checked_numel(shape);
  require<ShapeError>(numel.has_value(), kImport, "shape ", shape, " is negative or too large");
  const bool given = t.strides && *numel > 0;
  const Strides strides =
      given ? Strides(std::span<const int64_t>(t.strides, static_cast<size_t>(t.rank))) : contiguous_strides(shape);
  const std::optional<int64_t> elements = checked_reach(shape, strides);
  require<ShapeError>(elements.has_value(), kImport, "strides ", strides, " of shape ", shape,
                      " are negative or too large");
  int64_t bytes = 0;
  require<ShapeError>(!__builtin_mul_overflow(*elements, static_cast<int64_t>(size_of(dtype)), &bytes), kImport,
                      "shape ", shape, " has more bytes than 64 bits can count");
  std::byte* data = static_cast<std::byte*>(t.data);
  require<ValueError>(data != nullptr || *numel == 0, kImport, "no data for shape ", shape);
  if (data) data += t.byte_offset;
  require<ValueError>(reinterpret_cast<uintptr_t>(data) % size_of(dtype) == 0, kImport,
                      "the data is not aligned to its ", size_of(dtype), "-byte elements");
  std::shared_ptr<M> owner = std::move(managed);  // copyable, as std::function wants it
  auto storage = std::make_shared<Storage>(device, data, static_cast<size_t>(bytes), [owner] {});
  return Tensor(std::move(storage), dtype, shape, strides, 0);
}

}  // namespace

ManagedPtr to_dlpack(const Tensor& t) {
  ManagedPtr managed = exported<Managed>(t);
  managed->major_version = kMajorVersion;
  managed->minor_version = kMinorVersion;
  return managed;
}

LegacyManagedPtr to_dlpack_legacy(const Tensor& t) { return exported<LegacyManaged>(t); }

Tensor from_dlpack(ManagedPtr managed) {
  require<ValueError>(managed != nullptr, kImport, "nothing given");
  require<ValueError>(managed->major_version == kMajorVersion, kImport, "DLPack version ", managed->major_version, ".",
                      managed->minor_version, ", expected ", kMajorVersion, ".x");
  require<ValueError>((managed->flags & kReadOnly) == 0, kImport, "the memory is read-only",
                      Hint{"copy it on the other side"});
  return imported(std::move(managed));
}

Tensor from_dlpack(LegacyManagedPtr managed) {
  require<ValueError>(managed != nullptr, kImport, "nothing given");
  return imported(std::move(managed));
}

}  // namespace triad::dlpack
