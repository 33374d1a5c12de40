#include "triad/core/cpu/packed_matrix.h"

#include "triad/core/cpu/parallel.h"

namespace triad::cpu {
namespace {

constexpr int64_t kTypicalRows = 16;  // the layout is chosen for these

onednn::Key key_of(onednn::Use use, DType dtype, DType c_dtype, int64_t rows, int64_t inner, int64_t columns) {
  onednn::Key key(use);
  return key.add(static_cast<int64_t>(dtype)).add(static_cast<int64_t>(c_dtype)).add(rows).add(inner).add(columns);
}

/// C = A B, all dense, but B in `inner_b`, which may be any layout; `user_b` is how the caller has it.
std::unique_ptr<onednn::Primitive> make_primitive(DType dtype, DType c_dtype, int64_t rows, int64_t inner,
                                                  int64_t columns, const dnnl::memory::desc* user_b,
                                                  const dnnl::memory::desc& inner_b) {
  const auto a = onednn::strided({rows, inner}, dtype, {inner, 1}),
             c = onednn::strided({rows, columns}, c_dtype, {columns, 1});
  const auto desc = onednn::matmul_desc(a, inner_b, nullptr, c, onednn::user_scratchpad());
  if (!onednn::is_implemented_by(desc, "brg")) return nullptr;
  const onednn::ArgumentForm arguments[] = {
      {DNNL_ARG_SRC, false, a, a},
      {DNNL_ARG_WEIGHTS, false, user_b ? *user_b : desc.weights_desc(), desc.weights_desc()},
      {DNNL_ARG_DST, true, c, c}};
  return std::make_unique<onednn::Primitive>(dnnl::matmul(desc), desc.scratchpad_desc(), arguments);
}

}  // namespace

PackedMatrix::PackedMatrix(DType dtype, DType c_dtype, int64_t inner, int64_t columns, const GemmOperand& b)
    : dtype_(dtype), c_dtype_(c_dtype), inner_(inner), columns_(columns), b_(b) {
  if (dtype != DType::f32 && dtype != DType::bf16) return;
  const OneThread alone;
  const auto key =
      key_of(onednn::Use::packed_matrix_layout, dtype, c_dtype, kTypicalRows, inner, columns).add(b.row).add(b.column);
  onednn::Primitive* primitive = onednn::find_or_make(key, [&] {
    const auto user_b = onednn::strided({inner, columns}, dtype, {b.row, b.column});
    return make_primitive(dtype, c_dtype, kTypicalRows, inner, columns, &user_b,
                          onednn::any_layout({inner, columns}, dtype));
  });
  if (primitive) packed_ = primitive->pack(DNNL_ARG_WEIGHTS, b.data);
}

void PackedMatrix::multiply(int64_t rows, const void* a, void* c) const {
  const OneThread alone;
  if (packed_) {
    const auto key = key_of(onednn::Use::packed_matrix_product, dtype_, c_dtype_, rows, inner_, columns_);
    onednn::Primitive* primitive = onednn::find_or_make(key, [this, rows] {
      return make_primitive(dtype_, c_dtype_, rows, inner_, columns_, nullptr, packed_->layout);
    });
    if (primitive) {
      primitive->run({{DNNL_ARG_SRC, a}, {DNNL_ARG_WEIGHTS, nullptr, &packed_->memory}, {DNNL_ARG_DST, c}});
      return;
    }
  }
  gemm({.dtype = dtype_,
        .c_dtype = c_dtype_,
        .rows = rows,
        .columns = columns_,
        .inner = inner_,
        .a = {a, inner_, 1},
        .b = b_,
        .c = c,
        .c_row = columns_});
}

}  // namespace triad::cpu
