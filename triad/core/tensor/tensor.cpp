#include "triad/core/tensor/tensor.h"

#include <cstring>
#include <optional>

namespace triad {
namespace {

bool is_row_major(const Shape& shape, const Strides& strides) {
  int64_t expected = 1;
  for (int i = shape.rank() - 1; i >= 0; --i) {
    if (shape[i] != 1 && strides[i] != expected) return false;
    expected *= shape[i];
  }
  return true;
}

void require_extents(const Shape& shape) {
  for (const int64_t extent : shape)
    require<ShapeError>(extent >= 0, "tensor", "shape ", shape, " has a negative extent");
}

size_t checked_bytes(const Shape& shape, DType dtype) {
  require_extents(shape);
  const std::optional<int64_t> numel = checked_numel(shape);
  int64_t bytes = 0;
  require<ShapeError>(numel && !__builtin_mul_overflow(*numel, static_cast<int64_t>(size_of(dtype)), &bytes), "tensor",
                      "shape ", shape, " has more bytes than 64 bits can count");
  return static_cast<size_t>(bytes);
}

void refuse_to_cut(std::string_view function, const Tensor& in) {
  if (!in.requires_grad()) return;
  fail<AutogradError>(function, "the tensor requires a gradient, which this copy would cut",
                      Hint{"use an op, such as ops::contiguous or ops::cast, or detach() to cut on purpose"});
}

/// out = in, without history.
void copy_values(Tensor& out, const Tensor& in) {
  const Device where = out.device() == kCpu ? in.device() : out.device();
  memory_ops(where).copy(out.mutable_memory(), in.memory());
}

Tensor copy_as(const Tensor& in, DType dtype) {
  Tensor out = empty(in.shape(), dtype, in.device());
  copy_values(out, in);
  return out;
}

}  // namespace

Tensor::Tensor(std::shared_ptr<Storage> storage, DType dtype, const Shape& shape, const Strides& strides,
               int64_t offset) {
  require<ShapeError>(shape.rank() == strides.rank(), "tensor", "shape ", shape, " and strides ", strides,
                      " differ in length");
  require_extents(shape);
  for (const int64_t stride : strides) require<ShapeError>(stride >= 0, "tensor", "negative stride in ", strides);
  require<ShapeError>(offset >= 0, "tensor", "negative offset ", offset);
  const std::optional<int64_t> numel = checked_numel(shape);
  require<ShapeError>(numel.has_value(), "tensor", "shape ", shape, " has more elements than 64 bits can count");
  if (*numel == 0) {
    impl_ =
        std::make_shared<Impl>(Impl{std::move(storage), dtype, true, shape, contiguous_strides(shape), 0, 0, nullptr});
    return;
  }
  const int64_t available = static_cast<int64_t>(storage->bytes() / size_of(dtype));
  const std::optional<int64_t> reach = checked_reach(shape, strides);
  require<ShapeError>(reach && offset <= available - *reach, "tensor", "a view of shape ", shape, ", strides ", strides,
                      " at offset ", offset, " leaves its storage of ", available, " elements");
  const bool contiguous = is_row_major(shape, strides);
  impl_ = std::make_shared<Impl>(Impl{std::move(storage), dtype, contiguous, shape, strides, offset, *numel, nullptr});
}

Tensor Tensor::detach() const {
  return Tensor(impl().storage, impl().dtype, impl().shape, impl().strides, impl().offset);
}

double Tensor::item() const {
  require<ShapeError>(defined() && numel() == 1, "item", "expected a tensor of one element, got ",
                      defined() ? str("shape ", shape()) : "an undefined tensor");
  return to_vector<double>()[0];
}

template <class T>
std::vector<T> Tensor::to_vector() const {
  Tensor host = empty(shape(), dtype_of<T>);
  copy_values(host, *this);
  const T* first = host.data<T>();
  return std::vector<T>(first, first + numel());
}

Tensor empty(const Shape& shape, DType dtype, Device device) {
  auto storage = std::make_shared<Storage>(device, checked_bytes(shape, dtype));
  return Tensor(std::move(storage), dtype, shape, contiguous_strides(shape), 0);
}

Tensor full(const Shape& shape, double value, DType dtype, Device device) {
  Tensor out = empty(shape, dtype, device);
  memory_ops(device).fill(out.mutable_memory(), value);
  return out;
}

Tensor zeros(const Shape& shape, DType dtype, Device device) { return full(shape, 0, dtype, device); }

Tensor empty_like(const Tensor& like) { return empty(like.shape(), like.dtype(), like.device()); }

template <class T>
Tensor from_values(std::span<const T> values, const Shape& shape, Device device) {
  require<ShapeError>(static_cast<int64_t>(values.size()) == shape.numel(), "from_values", values.size(),
                      " values do not fill shape ", shape);
  Tensor host = empty(shape, dtype_of<T>);
  if (!values.empty()) std::memcpy(host.mutable_raw_data(), values.data(), values.size_bytes());
  if (device == kCpu) return host;
  Tensor out = empty(shape, dtype_of<T>, device);
  copy_values(out, host);
  return out;
}

void copy_into(Tensor& out, const Tensor& in) {
  refuse_to_cut("copy_into", in);
  require<ShapeError>(out.shape() == in.shape(), "copy_into", "cannot copy shape ", in.shape(), " into shape ",
                      out.shape());
  require<ShapeError>(!is_stretched(out), "copy_into", "elements of shape ", out.shape(), " lie on top of each other",
                      Hint{"copy into the tensor that was expanded"});
  copy_values(out, in);
}

Tensor clone_as(const Tensor& in, DType dtype) {
  refuse_to_cut("clone_as", in);
  return copy_as(in, dtype);
}

Tensor clone(const Tensor& in) {
  refuse_to_cut("clone", in);
  return copy_as(in, in.dtype());
}

Tensor contiguous(const Tensor& in) {
  refuse_to_cut("contiguous", in);
  return in.is_contiguous() ? in.detach() : copy_as(in, in.dtype());
}

bool is_stretched(const Tensor& t) {
  if (t.numel() == 0) return false;
  for (int axis = 0; axis < t.rank(); ++axis)
    if (t.shape()[axis] > 1 && t.strides()[axis] == 0) return true;
  return false;
}

void Tensor::refuse_undefined() {
  fail<ValueError>("Tensor", "this one is undefined",
                   Hint{"an argument was left out, or the gradient of a leaf asked for before a backward pass"});
}

void check_defined(std::string_view op, std::string_view argument, const Tensor& t) {
  require<ValueError>(t.defined(), op, argument, " is undefined",
                      Hint{"an argument was left out, or the gradient of a leaf asked for before a backward pass"});
}

void check_same_device(std::string_view op, std::string_view argument, const Tensor& t, const Tensor& x) {
  check_defined(op, argument, t);
  require<DeviceError>(t.device() == x.device(), op, argument, " is on ", t.device(), ", expected ", x.device());
}

void check_same_dtype(std::string_view op, std::string_view argument, const Tensor& t, const Tensor& x) {
  check_defined(op, argument, t);
  require<DTypeError>(t.dtype() == x.dtype(), op, argument, " is ", t.dtype(), ", expected ", x.dtype(),
                      Hint{"convert with ops::cast"});
}

void check_shape(std::string_view op, std::string_view argument, const Tensor& t, const Shape& expected) {
  check_defined(op, argument, t);
  require<ShapeError>(t.shape() == expected, op, argument, " has shape ", t.shape(), ", expected ", expected);
}

void check_rank(std::string_view op, std::string_view argument, const Tensor& t, int rank) {
  check_defined(op, argument, t);
  require<ShapeError>(t.rank() == rank, op, argument, " has shape ", t.shape(), ", expected ", rank, " axes");
}

void check_floating(std::string_view op, std::string_view argument, const Tensor& t) {
  check_defined(op, argument, t);
  require<DTypeError>(is_floating(t.dtype()), op, argument, " is ", t.dtype(), ", expected a floating dtype");
}

#define TRIAD_INSTANTIATE(T)                            \
  template std::vector<T> Tensor::to_vector<T>() const; \
  template Tensor from_values(std::span<const T>, const Shape&, Device);
TRIAD_INSTANTIATE(float)
TRIAD_INSTANTIATE(BFloat16)
TRIAD_INSTANTIATE(Float16)
TRIAD_INSTANTIATE(double)
TRIAD_INSTANTIATE(int64_t)
TRIAD_INSTANTIATE(int32_t)
TRIAD_INSTANTIATE(uint8_t)
#undef TRIAD_INSTANTIATE
template Tensor from_values(std::span<const bool>, const Shape&, Device);

}  // namespace triad
