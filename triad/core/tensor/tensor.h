// Tensor: a cheap handle to a strided view of shared storage.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <memory>
#include <ostream>
#include <span>
#include <vector>

#include "triad/core/base/dtype.h"
#include "triad/core/base/shape.h"
#include "triad/core/device/device.h"
#include "triad/core/device/memory.h"
#include "triad/core/tensor/storage.h"

namespace triad {

/// What autograd hangs on a tensor; the tensor itself only knows whether a gradient is wanted.
struct AutogradMeta {
  virtual ~AutogradMeta() = default;
  bool requires_grad = false;
};

/// A handle: copies share shape, data, identity and gradient. Element (i0, …, ik) lies at
///   data + (offset + i0*strides[0] + … + ik*strides[k]) * size_of(dtype).
/// Invariants: shape.rank() == strides.rank(); extents, strides >= 0; numel fits 64 bits; every such element lies
/// inside the storage. Without elements, the strides are those of a dense tensor and the offset is 0.
/// Reading goes through const member functions; mutable_data() counts a write in the version of the storage.
class Tensor {
 public:
  /// An undefined tensor: no shape, no data; stands for "no such argument" and "no gradient".
  Tensor() = default;

  /// A view of `storage`. Throws ShapeError if an element would lie outside of it or an invariant cannot hold.
  Tensor(std::shared_ptr<Storage> storage, DType dtype, const Shape& shape, const Strides& strides, int64_t offset);

  bool defined() const { return impl_ != nullptr; }

  // All that follows throws ValueError for an undefined tensor.

  const Shape& shape() const { return impl().shape; }
  const Strides& strides() const { return impl().strides; }
  int64_t offset() const { return impl().offset; }
  int rank() const { return impl().shape.rank(); }
  /// Extent of an axis; negative axes count from the last. ShapeError for an axis that does not exist.
  int64_t size(int axis) const {
    const int place = axis < 0 ? axis + rank() : axis;
    if (place < 0 || place >= rank()) normalize_axis("Tensor::size", axis, rank());
    return impl().shape[place];
  }
  int64_t numel() const { return impl().numel; }
  DType dtype() const { return impl().dtype; }
  Device device() const { return impl().storage->device(); }
  /// Row-major without gaps. Axes of extent 1 may have any stride.
  bool is_contiguous() const { return impl().contiguous; }

  /// Address of element (0, …, 0). T must be the element type; checked.
  template <class T>
  const T* data() const {
    check_type(dtype_of<T>);
    return static_cast<const T*>(raw_data());
  }
  template <class T>
  T* mutable_data() {
    check_type(dtype_of<T>);
    return static_cast<T*>(mutable_raw_data());
  }
  const void* raw_data() const { return address(); }
  void* mutable_raw_data() {
    impl().storage->bump_version();
    return address();
  }
  ConstMemoryView memory() const { return {raw_data(), dtype(), shape(), strides()}; }
  MemoryView mutable_memory() { return {mutable_raw_data(), dtype(), shape(), strides()}; }

  const std::shared_ptr<Storage>& storage() const { return impl().storage; }
  /// Number of writes to the storage so far, by any view of it.
  uint64_t version() const { return impl().storage->version(); }
  /// True if no other handle sees this tensor or its storage.
  bool is_unique() const { return impl_.use_count() == 1 && impl_->storage.use_count() == 1; }
  /// True if both are handles of one tensor.
  bool is_same(const Tensor& other) const { return impl_ == other.impl_; }

  /// The same data without history: the explicit cut of the graph.
  Tensor detach() const;

  bool requires_grad() const { return impl().autograd && impl().autograd->requires_grad; }
  AutogradMeta* autograd() const { return impl().autograd.get(); }
  void set_autograd(std::unique_ptr<AutogradMeta> meta) { impl().autograd = std::move(meta); }

  /// The value of a tensor of one element, as double. Throws ShapeError otherwise. Copies from the device.
  double item() const;
  /// All elements in row-major order, converted to T. Copies from the device.
  template <class T>
  std::vector<T> to_vector() const;

 private:
  struct Impl {
    std::shared_ptr<Storage> storage;
    DType dtype;
    bool contiguous;
    Shape shape;
    Strides strides;
    int64_t offset;
    int64_t numel;
    std::unique_ptr<AutogradMeta> autograd;
  };

  Impl& impl() const {
    if (!impl_) refuse_undefined();
    return *impl_;
  }
  [[noreturn]] static void refuse_undefined();
  void* address() const { return impl().storage->data() + impl().offset * static_cast<int64_t>(size_of(impl().dtype)); }
  void check_type(DType wanted) const {
    require<DTypeError>(wanted == impl().dtype, "Tensor::data", "asked for ", wanted, ", the tensor holds ",
                        impl().dtype);
  }

  std::shared_ptr<Impl> impl_;
};

/// Uninitialised, contiguous.
Tensor empty(const Shape& shape, DType dtype = DType::f32, Device device = kCpu);
/// Every element `value`.
Tensor full(const Shape& shape, double value, DType dtype = DType::f32, Device device = kCpu);
Tensor zeros(const Shape& shape, DType dtype = DType::f32, Device device = kCpu);
/// Same shape, dtype and device as `like`, contiguous, uninitialised.
Tensor empty_like(const Tensor& like);
/// Contiguous copy of `values` with this shape. Throws ShapeError unless the count fits.
template <class T>
Tensor from_values(std::span<const T> values, const Shape& shape, Device device = kCpu);
template <class T>
Tensor from_values(std::initializer_list<T> values, const Shape& shape, Device device = kCpu) {
  return from_values(std::span<const T>(values.begin(), values.size()), shape, device);
}
template <class T>
Tensor from_values(const std::vector<T>& values, const Shape& shape, Device device = kCpu) {
  return from_values(std::span<const T>(values), shape, device);
}

// Copies know nothing of gradients and, as views do, refuse an `in` that requires one with AutogradError: an op passes
// in.detach() and records its derivative; everyone else uses ops::contiguous and ops::cast.

/// out = in, with dtype and device conversion. Throws ShapeError unless the shapes are equal, and if `out` is stretched.
void copy_into(Tensor& out, const Tensor& in);
/// A new contiguous tensor with the same elements.
Tensor clone(const Tensor& in);
/// As clone, converted to dtype.
Tensor clone_as(const Tensor& in, DType dtype);
/// The same data if it is contiguous, otherwise a contiguous copy.
Tensor contiguous(const Tensor& in);

/// Whether elements lie on top of each other, as those that views::expand() makes: such a tensor can be read only.
bool is_stretched(const Tensor& t);

/// Throws ShapeError, DTypeError or DeviceError naming `op` and `argument`: the common checks of op arguments. An undefined
/// tensor is a ValueError of each.
void check_defined(std::string_view op, std::string_view argument, const Tensor& t);
void check_same_device(std::string_view op, std::string_view argument, const Tensor& t, const Tensor& x);
void check_same_dtype(std::string_view op, std::string_view argument, const Tensor& t, const Tensor& x);
void check_shape(std::string_view op, std::string_view argument, const Tensor& t, const Shape& expected);
void check_rank(std::string_view op, std::string_view argument, const Tensor& t, int rank);
void check_floating(std::string_view op, std::string_view argument, const Tensor& t);

}  // namespace triad
