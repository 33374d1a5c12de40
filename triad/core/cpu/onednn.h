// oneDNN: the engine, compiled primitives kept by what they were made for, and the one place that knows in what the API
// of oneDNN 2 (Debian 12) and oneDNN 3 (Debian 13) differ.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <dnnl.hpp>

#include "triad/core/base/dtype.h"
#include "triad/core/base/shape.h"
#include "triad/core/tensor/tensor.h"

namespace triad::cpu::onednn {

const dnnl::engine& engine();

/// f32, bf16 or f16; DTypeError for the others.
dnnl::memory::data_type data_type(DType dtype);
dnnl::memory::dims dims(const Shape& shape);
/// Elements at these strides.
dnnl::memory::desc strided(const Shape& shape, DType dtype, const Strides& strides);
/// Whatever layout the primitive likes best.
dnnl::memory::desc any_layout(const Shape& shape, DType dtype);

/// Who makes primitives: keeps the keys of different makers apart.
enum class Use : int64_t {
  gemm,
  packed_matrix_layout,
  packed_matrix_product,
  conv2d_forward,
  conv2d_data_gradient,
  conv2d_weight_gradient,
  test
};

/// What a primitive was made for, as a list of integers.
class Key {
 public:
  explicit Key(Use use) { add(static_cast<int64_t>(use)); }
  Key& add(int64_t value);
  Key& add(const Shape& shape);

  size_t hash() const;
  friend bool operator==(const Key& a, const Key& b) {
    return a.size_ == b.size_ && std::equal(a.values_.begin(), a.values_.begin() + a.size_, b.values_.begin());
  }

 private:
  std::array<int64_t, 64> values_{};
  int size_ = 0;
};

/// One argument of a primitive, where the caller has it (`user`) and where the primitive wants it (`inner`).
struct ArgumentForm {
  int index;  ///< DNNL_ARG_…
  bool output;
  dnnl::memory::desc user, inner;
};

/// An address for an argument, or a memory object that is already in the inner layout (packed weights).
struct Argument {
  int index;
  const void* data = nullptr;
  const dnnl::memory* packed = nullptr;
};

/// A compiled primitive with its memory objects. Arguments whose two layouts differ are reordered through the pool.
/// Belongs to one thread.
class Primitive {
 public:
  /// DeviceError for more than eight arguments.
  Primitive(dnnl::primitive primitive, const dnnl::memory::desc& scratchpad, std::span<const ArgumentForm> arguments);

  void run(std::span<const Argument> arguments);
  void run(std::initializer_list<Argument> arguments) { run(std::span(arguments.begin(), arguments.size())); }

  /// Argument `index` in the layout it is used in, for calls of this and of related primitives.
  struct Packed {
    Tensor buffer;
    dnnl::memory memory;
    dnnl::memory::desc layout;
  };
  Packed pack(int index, const void* data);
  const dnnl::memory::desc& inner_layout(int index) { return slot(index).inner_layout; }

 private:
  struct Slot {
    int index;
    bool output;
    dnnl::memory user, inner;
    std::optional<dnnl::reorder> reorder;  ///< user to inner, for outputs inner to user
    dnnl::memory::desc inner_layout;
  };

  Slot& slot(int index);

  dnnl::primitive primitive_;
  int64_t scratchpad_bytes_;
  dnnl::memory scratchpad_;
  std::vector<Slot> slots_;
};

/// The primitive of this thread for `key` and the current number of threads, made by `make` (returning a Primitive) where
/// there is none; null if `make` returns null or oneDNN says it has none. Any other error of oneDNN is a DeviceError
/// (or bad_alloc) and not remembered. At most kCachedPrimitives are kept, the least recently used go first.
/// The pointer is good until the next call.
inline constexpr size_t kCachedPrimitives = 1024;
namespace detail {
using MakePrimitive = std::unique_ptr<Primitive> (*)(const void* make);
Primitive* find_or_make(Key key, const void* make, MakePrimitive call);
}  // namespace detail
template <class Make>
Primitive* find_or_make(const Key& key, const Make& make) {
  return detail::find_or_make(key, &make, [](const void* erased) -> std::unique_ptr<Primitive> {
    return (*static_cast<const Make*>(erased))();
  });
}

/// Scratch memory is the caller's, from the pool.
dnnl::primitive_attr user_scratchpad();

dnnl::matmul::primitive_desc matmul_desc(const dnnl::memory::desc& a, const dnnl::memory::desc& b,
                                         const dnnl::memory::desc* bias, const dnnl::memory::desc& c,
                                         const dnnl::primitive_attr& attributes);

/// A convolution forward. `bias` may be null. Strides and paddings one a spatial axis.
struct ConvolutionForm {
  dnnl::memory::desc x, weight;
  const dnnl::memory::desc* bias;
  dnnl::memory::desc y;
  dnnl::memory::dims strides, padding;
};
dnnl::convolution_forward::primitive_desc convolution_forward_desc(const ConvolutionForm& form);
dnnl::convolution_backward_data::primitive_desc convolution_backward_data_desc(const ConvolutionForm& form);
dnnl::convolution_backward_weights::primitive_desc convolution_backward_weights_desc(const ConvolutionForm& form,
                                                                                     const dnnl::memory::desc& dweight);

/// One layer of LSTM in one direction, from states of 0. Axes: [T, N, C] for x and y, [1, 1, I, 4, H] for weights, [1, 1, 4, H]
/// for the bias, [1, 1, N, H] for the last states.
struct LstmForm {
  dnnl::memory::desc x, weight_ih, weight_hh, bias, y, h, c;
  bool reverse;
};
dnnl::lstm_forward::primitive_desc lstm_forward_desc(const LstmForm& form);

/// Functions of rows: the last axis is normalised.
dnnl::eltwise_forward::primitive_desc eltwise_forward_desc(dnnl::algorithm function, const dnnl::memory::desc& x);
dnnl::softmax_forward::primitive_desc softmax_forward_desc(const dnnl::memory::desc& x);
/// With scale and shift, in f32, and the mean and variance of rows as outputs.
dnnl::layer_normalization_forward::primitive_desc layer_normalization_forward_desc(const dnnl::memory::desc& x,
                                                                                   float epsilon);

/// Whether the implementation behind a primitive descriptor has `name` in its name: "brg", "ref", "jit".
template <class PrimitiveDesc>
bool is_implemented_by(const PrimitiveDesc& desc, std::string_view name) {
  return std::string_view(desc.impl_info_str()).find(name) != std::string_view::npos;
}

/// "oneDNN 2.6.3".
std::string version();

}  // namespace triad::cpu::onednn
