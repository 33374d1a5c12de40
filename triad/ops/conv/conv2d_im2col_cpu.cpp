#include "triad/ops/conv/conv2d_im2col_cpu.h"

#include <algorithm>

#include "triad/core/cpu/gemm.h"
#include "triad/core/cpu/parallel.h"

namespace triad::ops {
namespace {

/// Extents of one (sample, group): a picture [C, H, W] unfolds into columns [C U V, I J].
struct Window {
  int64_t C, H, W, U, V, I, J;
  const Conv2dOptions& options;

  int64_t rows() const { return C * U * V; }
  int64_t columns() const { return I * J; }

  /// Calls body(row of the columns, output row i, first and one past the last j inside the picture, offset of j = first
  /// in the picture) for every part of a row that lies inside the picture.
  template <class Body>
  void for_each_run(int64_t row, const Body& body) const {
    const int64_t v = row % V, u = row / V % U, c = row / V / U;
    const int64_t stride = options.stride[1], shift = v - options.padding[1];
    const int64_t first = std::clamp<int64_t>(shift >= 0 ? 0 : (-shift + stride - 1) / stride, 0, J);
    const int64_t last = std::clamp<int64_t>(W - 1 - shift < 0 ? 0 : (W - 1 - shift) / stride + 1, first, J);
    for (int64_t i = 0; i < I; ++i) {
      const int64_t y = i * options.stride[0] + u - options.padding[0];
      const bool inside = y >= 0 && y < H;
      body(i, inside ? first : 0, inside ? last : 0, (c * H + y) * W + first * stride + shift);
    }
  }

  template <class T>
  void unfold(const T* picture, T* columns_out) const {
    cpu::parallel_for(rows(), cpu::chunk_for_cost(columns()), [&](int64_t begin, int64_t end) {
      for (int64_t row = begin; row < end; ++row) {
        for_each_run(row, [&](int64_t i, int64_t first, int64_t last, int64_t offset) {
          T* out = columns_out + row * columns() + i * J;
          std::fill(out, out + first, T(0));
          for (int64_t j = first; j < last; ++j) out[j] = picture[offset + (j - first) * options.stride[1]];
          std::fill(out + last, out + J, T(0));
        });
      }
    });
  }

  /// picture += what every column element contributes to it; the rows of one channel in order.
  template <class T>
  void fold(const T* columns_in, T* picture) const {
    cpu::parallel_for(C, cpu::chunk_for_cost(U * V * columns()), [&](int64_t begin, int64_t end) {
      for (int64_t row = begin * U * V; row < end * U * V; ++row) {
        for_each_run(row, [&](int64_t i, int64_t first, int64_t last, int64_t offset) {
          const T* in = columns_in + row * columns() + i * J;
          for (int64_t j = first; j < last; ++j) picture[offset + (j - first) * options.stride[1]] += in[j];
        });
      }
    });
  }
};

Window window_of(const Tensor& x, const Tensor& weight, const Tensor& y, const Conv2dOptions& options) {
  return {
      x.size(1) / options.groups, x.size(2), x.size(3), weight.size(2), weight.size(3), y.size(2), y.size(3), options};
}

template <class T>
void forward(const Conv2dForward& args) {
  const Window w = window_of(args.x, args.weight, args.y, args.options);
  const int64_t groups = args.options.groups, outputs = args.y.size(1) / groups;
  Tensor columns = empty({w.rows(), w.columns()}, dtype_of<T>);
  T* y = args.y.mutable_data<T>();
  for (int64_t at = 0; at < args.x.size(0) * groups; ++at) {
    const int64_t group = at % groups;
    w.unfold(args.x.data<T>() + at * w.C * w.H * w.W, columns.mutable_data<T>());
    T* out = y + at * outputs * w.columns();
    if (args.bias.defined()) {
      const T* bias = args.bias.data<T>() + group * outputs;
      for (int64_t o = 0; o < outputs; ++o) std::fill_n(out + o * w.columns(), w.columns(), bias[o]);
    }
    cpu::gemm({.dtype = dtype_of<T>,
               .c_dtype = dtype_of<T>,
               .rows = outputs,
               .columns = w.columns(),
               .inner = w.rows(),
               .a = {args.weight.data<T>() + group * outputs * w.rows(), w.rows(), 1},
               .b = {columns.data<T>(), w.columns(), 1},
               .c = out,
               .c_row = w.columns(),
               .accumulate = args.bias.defined()});
  }
}

template <class T>
void backward(const Conv2dBackward& args) {
  const Window w = window_of(args.x, args.weight, args.dy, args.options);
  const int64_t groups = args.options.groups, outputs = args.dy.size(1) / groups;
  Tensor columns = empty({w.rows(), w.columns()}, dtype_of<T>);
  T* dx = args.dx.defined() ? args.dx.mutable_data<T>() : nullptr;
  T* dweight = args.dweight.defined() ? args.dweight.mutable_data<T>() : nullptr;
  if (dx) std::fill_n(dx, args.dx.numel(), T(0));
  if (dweight) std::fill_n(dweight, args.dweight.numel(), T(0));
  for (int64_t at = 0; at < args.x.size(0) * groups; ++at) {
    const int64_t group = at % groups;
    const T* dy = args.dy.data<T>() + at * outputs * w.columns();
    if (dweight) {
      w.unfold(args.x.data<T>() + at * w.C * w.H * w.W, columns.mutable_data<T>());
      cpu::gemm({.dtype = dtype_of<T>,
                 .c_dtype = dtype_of<T>,
                 .rows = outputs,
                 .columns = w.rows(),
                 .inner = w.columns(),
                 .a = {dy, w.columns(), 1},
                 .b = {columns.data<T>(), 1, w.columns()},
                 .c = dweight + group * outputs * w.rows(),
                 .c_row = w.rows(),
                 .accumulate = true});
    }
    if (dx) {
      cpu::gemm({.dtype = dtype_of<T>,
                 .c_dtype = dtype_of<T>,
                 .rows = w.rows(),
                 .columns = w.columns(),
                 .inner = outputs,
                 .a = {args.weight.data<T>() + group * outputs * w.rows(), 1, w.rows()},
                 .b = {dy, w.columns(), 1},
                 .c = columns.mutable_data<T>(),
                 .c_row = w.columns()});
      w.fold(columns.data<T>(), dx + at * w.C * w.H * w.W);
    }
  }
}

Tensor widened(const Tensor& t) { return t.defined() ? clone_as(t, DType::f32) : t; }
Tensor wide_like(const Tensor& t) { return t.defined() ? empty(t.shape()) : t; }

}  // namespace

void conv2d_forward_im2col(const Conv2dForward& args) {
  if (args.x.dtype() == DType::f64) return forward<double>(args);
  if (args.x.dtype() == DType::f32) return forward<float>(args);
  const Tensor x = widened(args.x), weight = widened(args.weight), bias = widened(args.bias);
  Tensor y = wide_like(args.y);
  forward<float>({x, weight, bias, args.options, y});
  copy_into(args.y, y);
}

void conv2d_backward_im2col(const Conv2dBackward& args) {
  if (args.x.dtype() == DType::f64) return backward<double>(args);
  if (args.x.dtype() == DType::f32) return backward<float>(args);
  const Tensor x = widened(args.x), weight = widened(args.weight), dy = widened(args.dy);
  Tensor dx = wide_like(args.dx), dweight = wide_like(args.dweight);
  backward<float>({x, weight, dy, args.options, dx, dweight});
  if (args.dx.defined()) copy_into(args.dx, dx);
  if (args.dweight.defined()) copy_into(args.dweight, dweight);
}

}  // namespace triad::ops
