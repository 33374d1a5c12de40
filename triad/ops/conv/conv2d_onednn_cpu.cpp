// The batch is cut into chunks at places that depend on the shape alone. Each chunk is one single-threaded primitive: the
// layouts it prefers for pictures stay in the cache, and the gradient of the weight, a sum over the batch, is added up in
// the same order on any number of threads (oneDNN's own split is not).
#include "triad/ops/conv/conv2d_onednn_cpu.h"

#include <algorithm>

#include "triad/core/cpu/onednn.h"
#include "triad/core/cpu/parallel.h"

namespace triad::ops {
namespace {

namespace onednn = cpu::onednn;

using onednn::Use;

struct Problem {
  const Tensor &x, &weight;
  Shape y_shape;
  bool bias;
  const Conv2dOptions& options;

  int64_t batch() const { return x.size(0); }
  double flops_per_sample() const {
    return 2.0 * static_cast<double>(y_shape[2] * y_shape[3]) * static_cast<double>(weight.numel());
  }
  /// Samples a chunk: at most 16 chunks, each of some work.
  int64_t chunk() const {
    constexpr double kLeastWork = 4e6;
    const auto worthwhile = static_cast<int64_t>(kLeastWork / flops_per_sample()) + 1;
    return std::min(batch(), std::max((batch() + 15) / 16, worthwhile));
  }

  Shape grouped_weight() const {
    return {options.groups, weight.size(0) / options.groups, weight.size(1), weight.size(2), weight.size(3)};
  }
};

template <class Desc>
std::unique_ptr<onednn::Primitive> compiled(const Desc& desc, const dnnl::primitive& primitive,
                                            std::initializer_list<onednn::ArgumentForm> arguments) {
  return std::make_unique<onednn::Primitive>(primitive, desc.scratchpad_desc(),
                                             std::span(arguments.begin(), arguments.size()));
}

std::unique_ptr<onednn::Primitive> make_primitive(const Problem& p, int64_t samples, Use use) {
  const DType dtype = p.x.dtype();
  const Shape x_shape{samples, p.x.size(1), p.x.size(2), p.x.size(3)};
  const Shape y_shape{samples, p.y_shape[1], p.y_shape[2], p.y_shape[3]}, w_shape = p.grouped_weight(),
                                                                          b_shape{p.y_shape[1]};
  const auto plain = [](const Shape& shape, DType type) {
    return onednn::strided(shape, type, contiguous_strides(shape));
  };
  const auto x = plain(x_shape, dtype), y = plain(y_shape, dtype), w = plain(w_shape, dtype), b = plain(b_shape, dtype);
  onednn::ConvolutionForm form{onednn::any_layout(x_shape, dtype),
                               onednn::any_layout(w_shape, dtype),
                               p.bias ? &b : nullptr,
                               onednn::any_layout(y_shape, dtype),
                               {p.options.stride[0], p.options.stride[1]},
                               {p.options.padding[0], p.options.padding[1]}};
  if (use == Use::conv2d_forward) {
    const auto desc = onednn::convolution_forward_desc(form);
    if (onednn::is_implemented_by(desc, "ref")) return nullptr;
    return compiled(desc, dnnl::convolution_forward(desc),
                    {{DNNL_ARG_SRC, false, x, desc.src_desc()},
                     {DNNL_ARG_WEIGHTS, false, w, desc.weights_desc()},
                     {DNNL_ARG_BIAS, false, b, b},
                     {DNNL_ARG_DST, true, y, desc.dst_desc()}});
  }
  if (use == Use::conv2d_data_gradient) {
    const auto desc = onednn::convolution_backward_data_desc(form);
    if (onednn::is_implemented_by(desc, "ref")) return nullptr;
    return compiled(desc, dnnl::convolution_backward_data(desc),
                    {{DNNL_ARG_DIFF_DST, false, y, desc.diff_dst_desc()},
                     {DNNL_ARG_WEIGHTS, false, w, desc.weights_desc()},
                     {DNNL_ARG_DIFF_SRC, true, x, desc.diff_src_desc()}});
  }
  const auto desc = onednn::convolution_backward_weights_desc(form, onednn::any_layout(w_shape, DType::f32));
  if (onednn::is_implemented_by(desc, "ref")) return nullptr;
  return compiled(desc, dnnl::convolution_backward_weights(desc),
                  {{DNNL_ARG_SRC, false, x, desc.src_desc()},
                   {DNNL_ARG_DIFF_DST, false, y, desc.diff_dst_desc()},
                   {DNNL_ARG_DIFF_WEIGHTS, true, plain(w_shape, DType::f32), desc.diff_weights_desc()}});
}

/// Of this thread; null if oneDNN has none.
onednn::Primitive* find_primitive(const Problem& p, int64_t samples, Use use) {
  onednn::Key key(use);
  key.add(static_cast<int64_t>(p.x.dtype())).add(p.bias).add(samples).add(p.x.size(1));
  key.add(p.x.size(2)).add(p.x.size(3)).add(p.weight.shape()).add(p.options.groups);
  for (size_t i = 0; i < 2; ++i) key.add(p.options.stride[i]).add(p.options.padding[i]);
  return onednn::find_or_make(key, [&] { return make_primitive(p, samples, use); });
}

/// The same where is_supported() has said that there is one. Another thread asks oneDNN anew: it may hear otherwise.
onednn::Primitive& primitive_for(const Problem& p, int64_t samples, Use use) {
  onednn::Primitive* primitive = find_primitive(p, samples, use);
  require<DeviceError>(primitive != nullptr, "conv2d", "oneDNN has a kernel for a part of the batch only");
  return *primitive;
}

/// Calls body(primitive, first sample, chunk) for every chunk, in parallel, each on its own thread.
template <class Body>
void for_each_chunk(const Problem& p, Use use, const Body& body) {
  const int64_t size = p.chunk(), chunks = (p.batch() + size - 1) / size;
  cpu::parallel_for(chunks, 1, [&](int64_t begin, int64_t end) {
    const cpu::OneThread alone;
    for (int64_t chunk = begin; chunk < end; ++chunk) {
      const int64_t first = chunk * size;
      body(primitive_for(p, std::min(size, p.batch() - first), use), first, chunk);
    }
  });
}

/// Whether there are primitives for the whole chunks and for what remains.
bool is_supported(const Problem& p, Use use) {
  const cpu::OneThread alone;
  const int64_t size = p.chunk(), rest = p.batch() % size;
  return find_primitive(p, size, use) && (rest == 0 || find_primitive(p, rest, use));
}

/// The weight in the layout of whole chunks, so that it is reordered once.
onednn::Primitive::Packed pack_weight(const Problem& p, Use use) {
  const cpu::OneThread alone;
  return primitive_for(p, p.chunk(), use).pack(DNNL_ARG_WEIGHTS, p.weight.raw_data());
}

onednn::Argument weight_argument(onednn::Primitive& primitive, const Problem& p,
                                 const onednn::Primitive::Packed& packed) {
  const bool same = primitive.inner_layout(DNNL_ARG_WEIGHTS) == packed.layout;
  return {DNNL_ARG_WEIGHTS, p.weight.raw_data(), same ? &packed.memory : nullptr};
}

const char* sample(const Tensor& t, int64_t index) {
  return static_cast<const char*>(t.raw_data()) + index * t.strides()[0] * static_cast<int64_t>(size_of(t.dtype()));
}

void data_gradient(const Problem& p, const Conv2dBackward& args) {
  const auto packed = pack_weight(p, Use::conv2d_data_gradient);
  args.dx.mutable_raw_data();
  for_each_chunk(p, Use::conv2d_data_gradient, [&](onednn::Primitive& primitive, int64_t first, int64_t) {
    primitive.run({{DNNL_ARG_DIFF_DST, sample(args.dy, first)},
                   weight_argument(primitive, p, packed),
                   {DNNL_ARG_DIFF_SRC, sample(args.dx, first)}});
  });
}

void weight_gradient(const Problem& p, const Conv2dBackward& args) {
  const int64_t chunks = (p.batch() + p.chunk() - 1) / p.chunk(), size = p.weight.numel();
  Tensor partial = empty({chunks, size});
  float* sums = partial.mutable_data<float>();
  for_each_chunk(p, Use::conv2d_weight_gradient, [&](onednn::Primitive& primitive, int64_t first, int64_t chunk) {
    primitive.run({{DNNL_ARG_SRC, sample(args.x, first)},
                   {DNNL_ARG_DIFF_DST, sample(args.dy, first)},
                   {DNNL_ARG_DIFF_WEIGHTS, sums + chunk * size}});
  });
  dispatch_floating("conv2d", p.weight.dtype(), [&]<class T>(std::type_identity<T>) {
    T* dweight = args.dweight.mutable_data<T>();
    cpu::parallel_for(size, cpu::chunk_for_cost(chunks), [&](int64_t begin, int64_t end) {
      for (int64_t chunk = 1; chunk < chunks; ++chunk) {
        for (int64_t i = begin; i < end; ++i) sums[i] += sums[chunk * size + i];
      }
      for (int64_t i = begin; i < end; ++i) dweight[i] = static_cast<T>(sums[i]);
    });
  });
}

bool takes(const Tensor& x, const Tensor& weight) {
  return (x.dtype() == DType::f32 || x.dtype() == DType::bf16) && x.numel() > 0 && weight.numel() > 0;
}

}  // namespace

bool conv2d_forward_onednn(const Conv2dForward& args) {
  const Problem p{args.x, args.weight, args.y.shape(), args.bias.defined(), args.options};
  if (!takes(args.x, args.weight) || !is_supported(p, Use::conv2d_forward)) return false;
  const auto packed = pack_weight(p, Use::conv2d_forward);
  args.y.mutable_raw_data();
  for_each_chunk(p, Use::conv2d_forward, [&](onednn::Primitive& primitive, int64_t first, int64_t) {
    const onednn::Argument x{DNNL_ARG_SRC, sample(args.x, first)}, y{DNNL_ARG_DST, sample(args.y, first)};
    const onednn::Argument weight = weight_argument(primitive, p, packed);
    if (p.bias) primitive.run({x, weight, {DNNL_ARG_BIAS, args.bias.raw_data()}, y});
    else primitive.run({x, weight, y});
  });
  return true;
}

bool conv2d_backward_onednn(const Conv2dBackward& args) {
  const Problem p{args.x, args.weight, args.dy.shape(), false, args.options};
  if (!takes(args.x, args.weight)) return false;
  if (args.dx.defined() && !is_supported(p, Use::conv2d_data_gradient)) return false;
  if (args.dweight.defined() && !is_supported(p, Use::conv2d_weight_gradient)) return false;
  if (args.dx.defined()) data_gradient(p, args);
  if (args.dweight.defined()) weight_gradient(p, args);
  return true;
}

}  // namespace triad::ops
