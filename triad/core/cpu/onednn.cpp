#include "triad/core/cpu/onednn.h"

#include <algorithm>
#include <cstring>
#include <list>
#include <unordered_map>

#include <omp.h>

#include "triad/core/base/error.h"

namespace triad::cpu::onednn {

const dnnl::engine& engine() {
  static const dnnl::engine cpu(dnnl::engine::kind::cpu, 0);
  return cpu;
}

namespace {

/// A stream belongs to one thread; on the CPU it runs at once.
dnnl::stream& stream() {
  thread_local dnnl::stream of_this_thread(engine());
  return of_this_thread;
}

/// Of a primitive: an LSTM that is trained has eight.
constexpr size_t kMostArguments = 8;

dnnl::memory unbound(const dnnl::memory::desc& desc) { return dnnl::memory(desc, engine(), nullptr); }

}  // namespace

dnnl::memory::data_type data_type(DType dtype) {
  switch (dtype) {
    case DType::f32: return dnnl::memory::data_type::f32;
    case DType::bf16: return dnnl::memory::data_type::bf16;
    case DType::f16: return dnnl::memory::data_type::f16;
    default: fail<DTypeError>("oneDNN", "no primitives for ", dtype);
  }
}

dnnl::memory::dims dims(const Shape& shape) { return {shape.begin(), shape.end()}; }

dnnl::memory::desc strided(const Shape& shape, DType dtype, const Strides& strides) {
  return {dims(shape), data_type(dtype), dims(strides)};
}

dnnl::memory::desc any_layout(const Shape& shape, DType dtype) {
  return {dims(shape), data_type(dtype), dnnl::memory::format_tag::any};
}

Key& Key::add(int64_t value) {
  require<ShapeError>(static_cast<size_t>(size_) < values_.size(), "oneDNN", "a problem of more than ", values_.size(),
                      " numbers");
  values_[static_cast<size_t>(size_++)] = value;
  return *this;
}

Key& Key::add(const Shape& shape) {
  add(shape.rank());
  for (const int64_t v : shape) add(v);
  return *this;
}

size_t Key::hash() const {
  uint64_t h = static_cast<uint64_t>(size_);
  for (int i = 0; i < size_; ++i) {  // the finaliser of splitmix64 over a running sum
    h += static_cast<uint64_t>(values_[static_cast<size_t>(i)]) + 0x9e3779b97f4a7c15u;
    h = (h ^ (h >> 30)) * 0xbf58476d1ce4e5b9u;
    h ^= h >> 27;
  }
  return static_cast<size_t>(h);
}

Primitive::Primitive(dnnl::primitive primitive, const dnnl::memory::desc& scratchpad,
                     std::span<const ArgumentForm> arguments)
    : primitive_(std::move(primitive)),
      scratchpad_bytes_(static_cast<int64_t>(scratchpad.get_size())),
      scratchpad_(unbound(scratchpad)) {
  require<DeviceError>(arguments.size() <= kMostArguments, "oneDNN", "a primitive of ", arguments.size(),
                       " arguments, expected at most ", kMostArguments);
  for (const ArgumentForm& form : arguments) {
    Slot made{form.index, form.output, unbound(form.user), unbound(form.inner), {}, form.inner};
    if (form.user != form.inner) {
      const dnnl::memory &from = form.output ? made.inner : made.user, &to = form.output ? made.user : made.inner;
      made.reorder = dnnl::reorder(dnnl::reorder::primitive_desc(from, to, user_scratchpad()));
    }
    slots_.push_back(std::move(made));
  }
}

namespace {

void execute(const dnnl::primitive& primitive, std::span<const dnnl_exec_arg_t> args) {
  const dnnl_status_t status =
      dnnl_primitive_execute(primitive.get(), stream().get(), static_cast<int>(args.size()), args.data());
  require<DeviceError>(status == dnnl_success, "oneDNN", "a primitive failed with status ", static_cast<int>(status));
}

void copy_layout(const dnnl::reorder& reorder, const dnnl::memory& from, const dnnl::memory& to) {
  execute(reorder, std::array{dnnl_exec_arg_t{DNNL_ARG_FROM, from.get()}, dnnl_exec_arg_t{DNNL_ARG_TO, to.get()}});
}

Tensor buffer_for(const dnnl::memory::desc& layout) {
  return empty({static_cast<int64_t>(layout.get_size())}, DType::u8);
}

}  // namespace

Primitive::Slot& Primitive::slot(int index) {
  return *std::find_if(slots_.begin(), slots_.end(), [index](const Slot& s) { return s.index == index; });
}

Primitive::Packed Primitive::pack(int index, const void* data) {
  Slot& from = slot(index);
  Packed packed{buffer_for(from.inner_layout), unbound(from.inner_layout), from.inner_layout};
  packed.memory.set_data_handle(packed.buffer.mutable_raw_data());
  from.user.set_data_handle(const_cast<void*>(data));
  if (from.reorder) copy_layout(*from.reorder, from.user, packed.memory);
  else std::memcpy(packed.buffer.mutable_raw_data(), data, from.inner_layout.get_size());
  return packed;
}

void Primitive::run(std::span<const Argument> arguments) {
  std::array<dnnl_exec_arg_t, kMostArguments + 1> bound{};  // and the scratchpad
  std::array<Tensor, kMostArguments> buffers;               // in the layout the primitive wants
  std::array<Slot*, kMostArguments> copied_out{};
  size_t count = 0, outputs = 0;
  for (const Argument& argument : arguments) {
    if (argument.packed) {
      bound[count++] = {argument.index, argument.packed->get()};
      continue;
    }
    Slot& to = slot(argument.index);
    void* data = const_cast<void*>(argument.data);
    if (to.reorder) {
      buffers[count] = buffer_for(to.inner_layout);
      to.user.set_data_handle(data);
      to.inner.set_data_handle(buffers[count].mutable_raw_data());
      if (to.output) copied_out[outputs++] = &to;
      else copy_layout(*to.reorder, to.user, to.inner);
    } else {
      to.inner.set_data_handle(data);
    }
    bound[count++] = {argument.index, to.inner.get()};
  }
  Tensor scratchpad;
  if (scratchpad_bytes_ > 0) {
    scratchpad = empty({scratchpad_bytes_}, DType::u8);
    scratchpad_.set_data_handle(scratchpad.mutable_raw_data());
    bound[count++] = {DNNL_ARG_SCRATCHPAD, scratchpad_.get()};
  }
  execute(primitive_, {bound.data(), count});
  for (size_t i = 0; i < outputs; ++i) copy_layout(*copied_out[i]->reorder, copied_out[i]->inner, copied_out[i]->user);
}

namespace {

struct KeyHash {
  size_t operator()(const Key& key) const { return key.hash(); }
};

/// Most recently used first.
struct Cache {
  using Entry = std::pair<Key, std::unique_ptr<Primitive>>;
  std::list<Entry> entries;
  std::unordered_map<Key, std::list<Entry>::iterator, KeyHash> by_key;
};

}  // namespace

Primitive* detail::find_or_make(Key key, const void* make, MakePrimitive call) {
  thread_local Cache cache;
  key.add(omp_in_parallel() ? 1 : omp_get_max_threads());  // primitives are compiled for a number of threads
  if (const auto found = cache.by_key.find(key); found != cache.by_key.end()) {
    cache.entries.splice(cache.entries.begin(), cache.entries, found->second);
    return found->second->second.get();
  }
  std::unique_ptr<Primitive> made;
  try {
    made = call(make);
  } catch (const dnnl::error& e) {
    if (e.status == dnnl_out_of_memory) throw std::bad_alloc();
    require<DeviceError>(e.status == dnnl_unimplemented, "oneDNN", "making a primitive failed with status ",
                         static_cast<int>(e.status), ": ", e.what());
  }
  if (cache.entries.size() >= kCachedPrimitives) {
    cache.by_key.erase(cache.entries.back().first);
    cache.entries.pop_back();
  }
  cache.entries.emplace_front(key, std::move(made));
  cache.by_key.emplace(key, cache.entries.begin());
  return cache.entries.front().second.get();
}

dnnl::primitive_attr user_scratchpad() {
  dnnl::primitive_attr attributes;
  attributes.set_scratchpad_mode(dnnl::scratchpad_mode::user);
  return attributes;
}

namespace {

const auto kScaleAndShift = dnnl::normalization_flags::use_scale | dnnl::normalization_flags::use_shift;

int last_axis(const dnnl::memory::desc& x) {
#if DNNL_VERSION_MAJOR >= 3
  return x.get_ndims() - 1;
#else
  return x.data.ndims - 1;
#endif
}

dnnl::rnn_direction direction_of(const LstmForm& f) {
  return f.reverse ? dnnl::rnn_direction::unidirectional_right2left : dnnl::rnn_direction::unidirectional_left2right;
}

}  // namespace

#if DNNL_VERSION_MAJOR >= 3
dnnl::matmul::primitive_desc matmul_desc(const dnnl::memory::desc& a, const dnnl::memory::desc& b,
                                         const dnnl::memory::desc* bias, const dnnl::memory::desc& c,
                                         const dnnl::primitive_attr& attributes) {
  if (bias) return {engine(), a, b, *bias, c, attributes};
  return {engine(), a, b, c, attributes};
}

dnnl::convolution_forward::primitive_desc convolution_forward_desc(const ConvolutionForm& f) {
  constexpr auto kind = dnnl::prop_kind::forward_training;
  constexpr auto algorithm = dnnl::algorithm::convolution_direct;
  if (f.bias)
    return {engine(), kind, algorithm, f.x, f.weight, *f.bias, f.y, f.strides, f.padding, f.padding, user_scratchpad()};
  return {engine(), kind, algorithm, f.x, f.weight, f.y, f.strides, f.padding, f.padding, user_scratchpad()};
}

dnnl::convolution_backward_data::primitive_desc convolution_backward_data_desc(const ConvolutionForm& f) {
  return {engine(),
          dnnl::algorithm::convolution_direct,
          f.x,
          f.weight,
          f.y,
          f.strides,
          f.padding,
          f.padding,
          convolution_forward_desc(f),
          user_scratchpad()};
}

dnnl::convolution_backward_weights::primitive_desc convolution_backward_weights_desc(
    const ConvolutionForm& f, const dnnl::memory::desc& dweight) {
  return {engine(),
          dnnl::algorithm::convolution_direct,
          f.x,
          dweight,
          f.y,
          f.strides,
          f.padding,
          f.padding,
          convolution_forward_desc(f),
          user_scratchpad()};
}

dnnl::lstm_forward::primitive_desc lstm_forward_desc(const LstmForm& f) {
  const dnnl::memory::desc none;
  return {engine(),
          dnnl::prop_kind::forward_training,
          direction_of(f),
          f.x,
          none,
          none,
          f.weight_ih,
          f.weight_hh,
          f.bias,
          f.y,
          f.h,
          f.c,
          user_scratchpad()};
}

dnnl::eltwise_forward::primitive_desc eltwise_forward_desc(dnnl::algorithm function, const dnnl::memory::desc& x) {
  return {engine(), dnnl::prop_kind::forward_training, function, x, x, 0.0f, 0.0f, user_scratchpad()};
}

dnnl::softmax_forward::primitive_desc softmax_forward_desc(const dnnl::memory::desc& x) {
  return {engine(),         dnnl::prop_kind::forward_training, dnnl::algorithm::softmax_accurate, x, x, last_axis(x),
          user_scratchpad()};
}

dnnl::layer_normalization_forward::primitive_desc layer_normalization_forward_desc(const dnnl::memory::desc& x,
                                                                                   float epsilon) {
  return {engine(), dnnl::prop_kind::forward_training, x, x, epsilon, kScaleAndShift, user_scratchpad()};
}
#else
dnnl::matmul::primitive_desc matmul_desc(const dnnl::memory::desc& a, const dnnl::memory::desc& b,
                                         const dnnl::memory::desc* bias, const dnnl::memory::desc& c,
                                         const dnnl::primitive_attr& attributes) {
  const dnnl::matmul::desc op = bias ? dnnl::matmul::desc(a, b, *bias, c) : dnnl::matmul::desc(a, b, c);
  return {op, attributes, engine()};
}

dnnl::convolution_forward::primitive_desc convolution_forward_desc(const ConvolutionForm& f) {
  using Op = dnnl::convolution_forward::desc;
  constexpr auto kind = dnnl::prop_kind::forward_training;
  constexpr auto algorithm = dnnl::algorithm::convolution_direct;
  const Op op = f.bias ? Op(kind, algorithm, f.x, f.weight, *f.bias, f.y, f.strides, f.padding, f.padding)
                       : Op(kind, algorithm, f.x, f.weight, f.y, f.strides, f.padding, f.padding);
  return {op, user_scratchpad(), engine()};
}

dnnl::convolution_backward_data::primitive_desc convolution_backward_data_desc(const ConvolutionForm& f) {
  const dnnl::convolution_backward_data::desc op(dnnl::algorithm::convolution_direct, f.x, f.weight, f.y, f.strides,
                                                 f.padding, f.padding);
  return {op, user_scratchpad(), engine(), convolution_forward_desc(f)};
}

dnnl::convolution_backward_weights::primitive_desc convolution_backward_weights_desc(
    const ConvolutionForm& f, const dnnl::memory::desc& dweight) {
  const dnnl::convolution_backward_weights::desc op(dnnl::algorithm::convolution_direct, f.x, dweight, f.y, f.strides,
                                                    f.padding, f.padding);
  return {op, user_scratchpad(), engine(), convolution_forward_desc(f)};
}

dnnl::lstm_forward::primitive_desc lstm_forward_desc(const LstmForm& f) {
  const dnnl::memory::desc none;
  const dnnl::lstm_forward::desc op(dnnl::prop_kind::forward_training, direction_of(f), f.x, none, none, f.weight_ih,
                                    f.weight_hh, f.bias, f.y, f.h, f.c);
  return {op, user_scratchpad(), engine()};
}

dnnl::eltwise_forward::primitive_desc eltwise_forward_desc(dnnl::algorithm function, const dnnl::memory::desc& x) {
  const dnnl::eltwise_forward::desc op(dnnl::prop_kind::forward_training, function, x);
  return {op, user_scratchpad(), engine()};
}

dnnl::softmax_forward::primitive_desc softmax_forward_desc(const dnnl::memory::desc& x) {
  const dnnl::softmax_forward::desc op(dnnl::prop_kind::forward_training, x, last_axis(x));
  return {op, user_scratchpad(), engine()};
}

dnnl::layer_normalization_forward::primitive_desc layer_normalization_forward_desc(const dnnl::memory::desc& x,
                                                                                   float epsilon) {
  const dnnl::layer_normalization_forward::desc op(dnnl::prop_kind::forward_training, x, epsilon, kScaleAndShift);
  return {op, user_scratchpad(), engine()};
}
#endif

std::string version() {
  const dnnl_version_t* version = dnnl_version();
  return str("oneDNN ", version->major, ".", version->minor, ".", version->patch);
}

}  // namespace triad::cpu::onednn
