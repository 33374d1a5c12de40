// Forward: one matrix product for the inputs of all frames, then, for some sequences at a time and step by step, h w_hh^T
// and the cell. Backward: the steps in the opposite order, then one product for each of dx, dw_ih, dw_hh.
// Parts of the batch run in parallel and share nothing, so that no thread waits for another between steps. How many there
// are depends on the number of threads, and no result does: a row of a product has the same bits whatever is beside it.

#include <algorithm>

#include "triad/core/cpu/gemm.h"
#include "triad/core/cpu/packed_matrix.h"
#include "triad/core/cpu/parallel.h"
#include "triad/core/tensor/optional_argument.h"
#include "triad/ops/recurrent/lstm.h"
#include "triad/ops/recurrent/lstm_cell_cpu.h"
#include "triad/ops/recurrent/lstm_layout_cpu.h"
#include "triad/ops/reduce/sum.h"

namespace triad::ops {
namespace {

/// Calls body(row) for all rows of n elements, in parallel.
template <class Body>
void for_rows(int64_t rows, int64_t n, const Body& body) {
  cpu::parallel_for(rows, cpu::chunk_for_cost(n), [&](int64_t first, int64_t last) {
    for (int64_t row = first; row < last; ++row) body(row);
  });
}

template <class To, class From>
void convert(const From* from, int64_t n, To* to) {
  if constexpr (std::is_same_v<To, From>) std::copy_n(from, n, to);
  else
    for (int64_t i = 0; i < n; ++i) to[i] = static_cast<To>(from[i]);
}

/// A weight as matrix products take it.
template <class E>
Tensor operand(const Tensor& weight) {
  return dtype_of<LstmOperand<E>> == weight.dtype() ? weight : clone_as(weight, dtype_of<LstmOperand<E>>);
}

/// Frames of [B, T, width] as rows of the layout; frame -1 gives zeros.
template <class E, class FrameOf>
Tensor gather(const Tensor& frames, const LstmLayout& layout, const FrameOf& frame_of) {
  using G = LstmOperand<E>;
  const int64_t T = frames.size(1), width = frames.size(2);
  Tensor out = empty({layout.rows(), width}, dtype_of<G>);
  const E* from = frames.data<E>();
  G* to = out.mutable_data<G>();
  for_rows(layout.rows(), width, [&](int64_t row) {
    const int64_t frame = frame_of(row);
    if (frame < 0) std::fill_n(to + row * width, width, G(0));
    else convert(from + frame / T * frames.strides()[0] + frame % T * frames.strides()[1], width, to + row * width);
  });
  return out;
}

/// C = A op(B), all dense; B [k, n], or [n, k] if transposed.
template <class G, class C>
void multiply(const G* a, int64_t m, int64_t k, const G* b, int64_t n, bool transposed, C* c, const C* bias = nullptr) {
  cpu::gemm({.dtype = dtype_of<G>,
             .c_dtype = dtype_of<C>,
             .rows = m,
             .columns = n,
             .inner = k,
             .a = {a, k, 1},
             .b = {b, transposed ? 1 : n, transposed ? k : 1},
             .c = c,
             .c_row = n,
             .bias = bias});
}

/// Calls body(part) for all sequences, in parallel.
template <class Body>
void for_parts(const LstmLayout& layout, const cpu::PackedMatrix& recurrent, const Body& body) {
  const auto parts = layout.parts(recurrent.rows_are_independent() ? cpu::num_threads() : 1);
  cpu::parallel_for(std::ssize(parts), 1, [&](int64_t first, int64_t last) {
    for (int64_t i = first; i < last; ++i) body(parts[static_cast<size_t>(i)]);
  });
}

/// Sets the frames of [B, T, width] that lie beyond their sequences to 0.
template <class E>
void clear_padding(Tensor& frames, const LstmLayout& layout) {
  const int64_t T = frames.size(1), width = frames.size(2);
  E* data = frames.mutable_data<E>();
  for_rows(frames.size(0), T * width, [&](int64_t position) {
    const int64_t length = layout.length(position);
    std::fill_n(data + (layout.sequence(position) * T + length) * width, (T - length) * width, E(0));
  });
}

template <class E>
void forward(const LstmForward& args) {
  using C = Compute<E>;
  using G = LstmOperand<E>;
  const int64_t H = args.w_hh.size(1), I = args.x.size(2);
  const LstmLayout layout(args.lengths, args.x.size(0), args.x.size(1), args.reverse);
  const Tensor w_ih = operand<E>(args.w_ih), w_hh = operand<E>(args.w_hh);
  Tensor bias;
  if (args.b_ih.defined()) {
    bias = empty({4 * H}, dtype_of<C>);
    for (int64_t i = 0; i < 4 * H; ++i)
      bias.mutable_data<C>()[i] = static_cast<C>(args.b_ih.data<E>()[i]) + static_cast<C>(args.b_hh.data<E>()[i]);
  }
  Tensor from_x = empty({layout.rows(), 4 * H}, dtype_of<C>);
  const Tensor x = gather<E>(args.x, layout, [&](int64_t row) { return layout.frames()[row]; });
  multiply(x.data<G>(), layout.rows(), I, w_ih.data<G>(), 4 * H, true, from_x.mutable_data<C>(), data_or_null<C>(bias));

  const cpu::PackedMatrix recurrent(dtype_of<G>, dtype_of<C>, H, 4 * H, {w_hh.raw_data(), 1, H});
  E *y = args.y.mutable_data<E>(), *h_out = args.h.mutable_data<E>(), *c_out = args.c.mutable_data<E>();
  E* gates = args.gates.defined() ? args.gates.mutable_data<E>() : nullptr;
  C* cells = args.cells.defined() ? args.cells.mutable_data<C>() : nullptr;
  for_parts(layout, recurrent, [&](const LstmLayout::Part& part) {
    Tensor products = empty({part.sequences, 4 * H}, dtype_of<C>), states = empty({part.sequences, H}, dtype_of<G>);
    Tensor own_cells = empty({part.sequences, H}, dtype_of<C>);  // where nobody keeps them
    C* from_h = products.mutable_data<C>();
    G* h = states.mutable_data<G>();
    const auto cells_at = [&](int64_t step) {
      return cells ? cells + layout.first_row(part, step) * H : own_cells.mutable_data<C>();
    };
    for (int64_t step = 0; step < part.steps; ++step) {
      const int64_t n = layout.count(part, step), row = layout.first_row(part, step);
      if (step > 0) recurrent.multiply(n, h, from_h);
      C* c = cells_at(step);
      lstm_cell_forward<E>({n, H, from_x.data<C>() + row * 4 * H, step > 0 ? from_h : nullptr,
                            step > 0 ? cells_at(step - 1) : nullptr, c, gates ? gates + row * 4 * H : nullptr, h, y,
                            layout.frames() + row});
      for (int64_t i = layout.count(part, step + 1); i < n; ++i) {
        const int64_t sequence = layout.sequence(part.first_sequence + i);
        convert(h + i * H, H, h_out + sequence * H);
        convert(c + i * H, H, c_out + sequence * H);
      }
    }
    for (int64_t i = layout.count(part, 0); i < part.sequences; ++i) {
      const int64_t sequence = layout.sequence(part.first_sequence + i);
      std::fill_n(h_out + sequence * H, H, E(0));
      std::fill_n(c_out + sequence * H, H, E(0));
    }
  });
  clear_padding<E>(args.y, layout);
}

/// dweight = dgates^T inputs.
template <class E>
void weight_gradient(const Tensor& dgates, const Tensor& inputs, Tensor& dweight) {
  using G = LstmOperand<E>;
  const int64_t rows = dgates.size(0), outputs = dgates.size(1), width = inputs.size(1);
  Tensor wide = dweight.dtype() == dtype_of<G> ? dweight : empty(dweight.shape(), dtype_of<G>);
  cpu::gemm({.dtype = dtype_of<G>,
             .c_dtype = dtype_of<G>,
             .rows = outputs,
             .columns = width,
             .inner = rows,
             .a = {dgates.raw_data(), 1, outputs},
             .b = {inputs.raw_data(), width, 1},
             .c = wide.mutable_raw_data(),
             .c_row = width});
  if (!wide.is_same(dweight)) copy_into(dweight, wide);
}

/// dbias = sum of the rows of dgates.
template <class E>
void bias_gradient(const Tensor& dgates, Tensor& dbias) {
  Tensor wide = dbias.dtype() == dgates.dtype() ? dbias : empty(dbias.shape(), dgates.dtype());
  sum_forward(kCpu, {dgates, {0}, wide});
  if (!wide.is_same(dbias)) copy_into(dbias, wide);
}

template <class E>
void backward(const LstmBackward& args) {
  using C = Compute<E>;
  using G = LstmOperand<E>;
  const int64_t H = args.w_hh.size(1), I = args.x.size(2);
  const LstmLayout layout(args.lengths, args.x.size(0), args.x.size(1), args.reverse);
  const Tensor w_ih = operand<E>(args.w_ih), w_hh = operand<E>(args.w_hh);
  Tensor dgates = empty({layout.rows(), 4 * H}, dtype_of<G>);
  G* dgates_data = dgates.mutable_data<G>();
  const E* gates = args.gates.data<E>();
  const C* cells = args.cells.data<C>();
  const cpu::PackedMatrix recurrent(dtype_of<G>, dtype_of<C>, 4 * H, H, {w_hh.raw_data(), H, 1});
  const E* dy = data_or_null<E>(args.dy);
  for_parts(layout, recurrent, [&](const LstmLayout::Part& part) {
    Tensor carry = empty({2, part.sequences, H}, dtype_of<C>);
    C *dh = carry.mutable_data<C>(), *dc = dh + part.sequences * H;
    for (int64_t i = 0; i < part.sequences; ++i) {
      const int64_t sequence = layout.sequence(part.first_sequence + i);
      for (const auto& [to, from] : {std::pair{dh, &args.dh}, std::pair{dc, &args.dc}}) {
        if (from->defined()) convert(from->template data<E>() + sequence * H, H, to + i * H);
        else std::fill_n(to + i * H, H, C(0));
      }
    }
    for (int64_t step = part.steps - 1; step >= 0; --step) {
      if (step + 1 < part.steps)
        recurrent.multiply(layout.count(part, step + 1), dgates_data + layout.first_row(part, step + 1) * 4 * H, dh);
      const int64_t row = layout.first_row(part, step);
      lstm_cell_backward<E>({layout.count(part, step), H, gates + row * 4 * H, cells + row * H,
                             step > 0 ? cells + layout.first_row(part, step - 1) * H : nullptr, dy,
                             layout.frames() + row, dh, dc, dgates_data + row * 4 * H});
    }
  });
  if (args.dx.defined()) {
    Tensor rows = empty({layout.rows(), I}, dtype_of<G>);
    multiply(dgates.data<G>(), layout.rows(), 4 * H, w_ih.data<G>(), I, false, rows.mutable_data<G>());
    const G* from = rows.data<G>();
    E* dx = args.dx.mutable_data<E>();
    for_rows(layout.rows(), I, [&](int64_t row) { convert(from + row * I, I, dx + layout.frames()[row] * I); });
    clear_padding<E>(args.dx, layout);
  }
  if (args.dw_ih.defined())
    weight_gradient<E>(dgates, gather<E>(args.x, layout, [&](int64_t row) { return layout.frames()[row]; }),
                       args.dw_ih);
  if (args.dw_hh.defined())
    weight_gradient<E>(dgates, gather<E>(args.y, layout, [&](int64_t row) { return layout.frame_before(row); }),
                       args.dw_hh);
  if (args.db.defined()) bias_gradient<E>(dgates, args.db);
}

void lstm_forward_cpu(const LstmForward& args) {
  dispatch_floating("lstm", args.x.dtype(), [&]<class E>(std::type_identity<E>) { forward<E>(args); });
}
void lstm_backward_cpu(const LstmBackward& args) {
  dispatch_floating("lstm", args.x.dtype(), [&]<class E>(std::type_identity<E>) { backward<E>(args); });
}

const RegisterKernel registered_forward(lstm_forward, DeviceType::cpu, &lstm_forward_cpu);
const RegisterKernel registered_backward(lstm_backward, DeviceType::cpu, &lstm_backward_cpu);

}  // namespace
}  // namespace triad::ops
