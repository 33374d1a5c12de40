#include "triad/core/cpu/gemm_onednn.h"

#include <algorithm>
#include <optional>
#include <vector>

#include <omp.h>

#include "triad/core/base/matrix_layout.h"
#include "triad/core/cpu/onednn.h"
#include "triad/core/cpu/parallel.h"
#include "triad/core/cpu/strided.h"
#include "triad/core/device/memory.h"

namespace triad::cpu {
namespace {

/// Inner extent above which oneDNN may split it among threads when A is transposed; such products are cut here instead,
/// at places that depend on the shape alone.
constexpr int64_t kInnerBlock = 1024;

/// A product with as few batch axes as its strides allow. batch: extents; an operand stretched along an axis has extent 1.
struct Problem {
  Gemm g;
  Shape a_batch, b_batch;

  bool a_is_transposed() const { return g.a.column != 1; }
};

/// Strides of 1 where an axis is dense, and none that an extent of 1 leaves open.
void normalise(GemmOperand& m, int64_t rows, int64_t columns) {
  if (matrix_layout(rows, columns, m.row, m.column) == MatrixLayout::rows_dense) {
    m.column = 1;
    if (rows <= 1) m.row = columns;
  } else {
    m.row = 1;
    if (columns <= 1) m.column = rows;
  }
}

/// False where both operands are stretched along one axis: nothing that broadcasting makes.
bool simplify(Problem& p) {
  Gemm& g = p.g;
  normalise(g.a, g.rows, g.inner);
  normalise(g.b, g.inner, g.columns);
  if (g.rows == 1) g.c_row = g.columns;
  if (g.batch.numel() == 1) {
    g.batch = g.a.batch = g.b.batch = g.c_batch = {};
    return true;
  }
  StridedLoop<3> loop(g.batch, {g.a.batch, g.b.batch, g.c_batch});
  // One B for rows of A that follow each other: a single, taller product.
  if (loop.shape.rank() == 1 && loop.strides[1][0] == 0 && !p.a_is_transposed() &&
      loop.strides[0][0] == g.rows * g.a.row && loop.strides[2][0] == g.rows * g.c_row) {
    g.rows *= loop.shape[0];
    g.batch = g.a.batch = g.b.batch = g.c_batch = {};
    return true;
  }
  g.batch = p.a_batch = p.b_batch = loop.shape;
  g.a.batch = loop.strides[0];
  g.b.batch = loop.strides[1];
  g.c_batch = loop.strides[2];
  for (int axis = 0; axis < g.batch.rank(); ++axis) {
    if (g.a.batch[axis] == 0 && g.b.batch[axis] == 0) return false;
    if (g.a.batch[axis] == 0) p.a_batch[axis] = 1;
    if (g.b.batch[axis] == 0) p.b_batch[axis] = 1;
  }
  return true;
}

/// One Shape of the axes of a batch and of a matrix.
Shape joined(Shape batch, int64_t rows, int64_t columns) {
  batch.push_back(rows);
  batch.push_back(columns);
  return batch;
}

/// oneDNN wants strides that are possible even where an extent of 1 makes them irrelevant.
dnnl::memory::desc layout(const Shape& batch, const Strides& batch_strides, int64_t rows, int64_t columns, int64_t row,
                          int64_t column, DType dtype) {
  Strides strides = batch_strides;
  for (int axis = 0; axis < batch.rank(); ++axis) {
    if (batch[axis] == 1) strides[axis] = rows * columns;
  }
  return onednn::strided(joined(batch, rows, columns), dtype, joined(strides, row, column));
}

std::unique_ptr<onednn::Primitive> make_primitive(const Problem& p) {
  const Gemm& g = p.g;
  const auto a = layout(p.a_batch, g.a.batch, g.rows, g.inner, g.a.row, g.a.column, g.dtype);
  const auto b = layout(p.b_batch, g.b.batch, g.inner, g.columns, g.b.row, g.b.column, g.dtype);
  const auto c = layout(g.batch, g.c_batch, g.rows, g.columns, g.c_row, 1, g.c_dtype);
  const Shape bias_shape = joined(Shape::filled(g.batch.rank(), 1), 1, g.columns);
  const auto bias = onednn::strided(bias_shape, g.c_dtype, contiguous_strides(bias_shape));
  dnnl::primitive_attr attributes = onednn::user_scratchpad();
  if (g.accumulate) {
    dnnl::post_ops after;
    after.append_sum(1.0f);
    attributes.set_post_ops(after);
  }
  const auto desc = onednn::matmul_desc(a, b, g.bias ? &bias : nullptr, c, attributes);
  if (!onednn::is_implemented_by(desc, "brg")) return nullptr;
  std::vector<onednn::ArgumentForm> arguments = {
      {DNNL_ARG_SRC, false, a, a}, {DNNL_ARG_WEIGHTS, false, b, b}, {DNNL_ARG_DST, true, c, c}};
  if (g.bias) arguments.push_back({DNNL_ARG_BIAS, false, bias, bias});
  return std::make_unique<onednn::Primitive>(dnnl::matmul(desc), desc.scratchpad_desc(), arguments);
}

bool run_primitive(const Problem& p) {
  const Gemm& g = p.g;
  onednn::Key key(onednn::Use::gemm);
  key.add(static_cast<int64_t>(g.dtype)).add(static_cast<int64_t>(g.c_dtype)).add(g.rows).add(g.columns).add(g.inner);
  key.add(g.a.row).add(g.a.column).add(g.b.row).add(g.b.column).add(g.c_row).add(g.accumulate).add(g.bias != nullptr);
  key.add(g.batch);
  if (!g.batch.empty()) key.add(p.a_batch).add(p.b_batch).add(g.a.batch).add(g.b.batch).add(g.c_batch);
  onednn::Primitive* primitive = onednn::find_or_make(key, [&p] { return make_primitive(p); });
  if (!primitive) return false;
  if (g.bias)
    primitive->run(
        {{DNNL_ARG_SRC, g.a.data}, {DNNL_ARG_WEIGHTS, g.b.data}, {DNNL_ARG_BIAS, g.bias}, {DNNL_ARG_DST, g.c}});
  else primitive->run({{DNNL_ARG_SRC, g.a.data}, {DNNL_ARG_WEIGHTS, g.b.data}, {DNNL_ARG_DST, g.c}});
  return true;
}

/// The operand without gaps between its rows (or columns) and matrices. Returns what owns the memory.
Tensor make_dense(GemmOperand& m, const Shape& batch, int64_t rows, int64_t columns, DType dtype) {
  const bool transposed = m.column != 1;
  const Shape stored = transposed ? joined(batch, columns, rows) : joined(batch, rows, columns);
  const Strides from = transposed ? joined(m.batch, m.column, m.row) : joined(m.batch, m.row, m.column);
  Tensor dense = empty(stored, dtype);
  memory_ops(kCpu).copy(dense.mutable_memory(), {m.data, dtype, stored, from});
  const Strides strides = dense.strides();
  m.data = dense.raw_data();
  for (int axis = 0; axis < batch.rank(); ++axis) m.batch[axis] = strides[axis];
  m.row = strides[batch.rank() + (transposed ? 1 : 0)];
  m.column = strides[batch.rank() + (transposed ? 0 : 1)];
  return dense;
}

/// Whether something lies between the rows of a matrix, or between its columns if these are dense.
bool has_gaps(const GemmOperand& m, int64_t rows, int64_t columns) {
  return m.column == 1 ? rows > 1 && m.row != columns : columns > 1 && m.column != rows;
}

/// oneDNN 3 reads a matrix times a vector as if it had no gaps.
bool is_misread(const Gemm& g) {
  return (g.rows == 1 || g.columns == 1) && (has_gaps(g.a, g.rows, g.inner) || has_gaps(g.b, g.inner, g.columns));
}

bool run(Problem p) {
  if (!is_misread(p.g) && run_primitive(p)) return true;
  const Tensor a = make_dense(p.g.a, p.a_batch, p.g.rows, p.g.inner, p.g.dtype);
  const Tensor b = make_dense(p.g.b, p.b_batch, p.g.inner, p.g.columns, p.g.dtype);
  return run_primitive(p);
}

/// A long inner axis in pieces, one after the other, added up in f32.
bool run_in_pieces(const Problem& p) {
  Problem piece = p;
  Tensor total, bias;
  if (p.g.c_dtype != DType::f32) {
    total = empty(joined(p.g.batch, p.g.rows, p.g.columns));
    const Strides strides = total.strides();
    piece.g.c = total.mutable_raw_data();
    piece.g.c_row = p.g.columns;
    piece.g.c_batch = Strides(std::span(strides.begin(), strides.end() - 2));
    piece.g.c_dtype = DType::f32;
    if (p.g.bias) {
      bias = empty({p.g.columns});
      memory_ops(kCpu).copy(bias.mutable_memory(), {p.g.bias, p.g.c_dtype, {p.g.columns}, {1}});
      piece.g.bias = bias.raw_data();
    }
  }
  for (int64_t first = 0; first < p.g.inner; first += kInnerBlock) {
    piece.g.inner = std::min(kInnerBlock, p.g.inner - first);
    const auto advance = [&](const void* data, int64_t stride) {
      return static_cast<const char*>(data) + first * stride * static_cast<int64_t>(size_of(p.g.dtype));
    };
    piece.g.a.data = advance(p.g.a.data, p.g.a.column);
    piece.g.b.data = advance(p.g.b.data, p.g.b.row);
    if (!run(piece)) {
      require<DeviceError>(first == 0, "gemm", "oneDNN has a kernel for a part of a product only");
      return false;
    }
    piece.g.bias = nullptr;
    piece.g.accumulate = true;
  }
  if (total.defined())
    memory_ops(kCpu).copy({p.g.c, p.g.c_dtype, total.shape(), joined(p.g.c_batch, p.g.c_row, 1)}, total.memory());
  return true;
}

}  // namespace

bool gemm_onednn(const Gemm& g) {
  if (g.dtype != DType::f32 && g.dtype != DType::bf16) return false;
  std::optional<OneThread> alone;
  if (omp_in_parallel()) alone.emplace();
  Problem p{g, {}, {}};
  if (!simplify(p)) return false;
  return p.a_is_transposed() && p.g.inner > kInnerBlock ? run_in_pieces(p) : run(p);
}

}  // namespace triad::cpu
