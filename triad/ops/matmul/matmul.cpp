#include "triad/ops/matmul/matmul.h"

#include "triad/autograd/node.h"
#include "triad/core/base/matrix_layout.h"
#include "triad/core/tensor/views.h"
#include "triad/ops/reduce/sum.h"
#include "triad/ops/registry/op_spec.h"

namespace triad::ops {

constinit KernelTable<MatmulForward> matmul_forward{"matmul"};

namespace {

/// The last two axes with rows or columns dense: t itself, without history, or a copy.
Tensor dense_matrices(const Tensor& t) {
  const int64_t rows = t.size(-2), columns = t.size(-1);
  const int64_t row = t.strides()[t.rank() - 2], column = t.strides()[t.rank() - 1];
  return matrix_layout(rows, columns, row, column) == MatrixLayout::other ? contiguous(t.detach()) : t.detach();
}

Shape batch_of(const Tensor& t) { return Shape(std::span(t.shape().begin(), t.shape().end() - 2)); }

Tensor stretched(const Tensor& t, Shape batch) {
  batch.push_back(t.size(-2));
  batch.push_back(t.size(-1));
  return views::expand(t, batch);
}

Tensor transposed(const Tensor& t) { return views::transpose(t, -2, -1); }

}  // namespace

Tensor matmul(const Tensor& a_in, const Tensor& b_in) {
  check_floating("matmul", "a", a_in);
  check_same_dtype("matmul", "b", b_in, a_in);
  check_same_device("matmul", "b", b_in, a_in);
  for (const auto& [name, t] : {std::pair{"a", &a_in}, std::pair{"b", &b_in}}) {
    require<ShapeError>(t->rank() >= 2, "matmul", name, " has shape ", t->shape(), ", expected at least 2 axes",
                        Hint{"unsqueeze a vector into a row or a column"});
  }
  require<ShapeError>(a_in.size(-1) == b_in.size(-2), "matmul", "a has ", a_in.size(-1), " columns and b ",
                      b_in.size(-2), " rows in shapes ", a_in.shape(), " and ", b_in.shape());
  const Tensor a = dense_matrices(a_in), b = dense_matrices(b_in);
  Shape shape = broadcast_shapes("matmul", batch_of(a), batch_of(b));
  const Tensor a_full = stretched(a, shape), b_full = stretched(b, shape);
  shape.push_back(a.size(-2));
  shape.push_back(b.size(-1));
  Tensor y = empty(shape, a.dtype(), a.device());
  matmul_forward(y.device(), {a_full, b_full, y});
  return record("matmul", {a_in, b_in}, y, {a, b}, [](const Backward& back) -> Gradients {
    const Tensor &a_saved = back.saved(0), &b_saved = back.saved(1), dy = back.dy();
    Gradients grads(2);
    if (back.needs(0)) grads[0] = sum_to_shape(matmul(dy, transposed(b_saved)), a_saved.shape());
    if (back.needs(1)) grads[1] = sum_to_shape(matmul(transposed(a_saved), dy), b_saved.shape());
    return grads;
  });
}

namespace {

/// In f64, element by element.
Tensors naive(const Tensor& a, const Tensor& b) {
  const int64_t M = a.size(-2), K = a.size(-1), N = b.size(-1);
  Shape shape = broadcast_shapes("matmul", batch_of(a), batch_of(b));
  const auto as = stretched(a.detach(), shape).to_vector<double>(),
             bs = stretched(b.detach(), shape).to_vector<double>();
  const int64_t count = shape.numel();
  shape.push_back(M);
  shape.push_back(N);
  std::vector<double> y(static_cast<size_t>(shape.numel()));
  for (int64_t batch = 0; batch < count; ++batch) {
    for (int64_t i = 0; i < M; ++i) {
      for (int64_t j = 0; j < N; ++j) {
        double total = 0;
        for (int64_t k = 0; k < K; ++k)
          total += as[static_cast<size_t>((batch * M + i) * K + k)] * bs[static_cast<size_t>((batch * K + k) * N + j)];
        y[static_cast<size_t>((batch * M + i) * N + j)] = total;
      }
    }
  }
  return {from_values(y, shape)};
}

Sample matmul_sample(std::string label, Tensor a, Tensor b) {
  const double flops = 2.0 * static_cast<double>(a.numel()) * static_cast<double>(b.size(-1));
  const double outputs =
      static_cast<double>(a.numel()) / std::max(1.0, static_cast<double>(a.size(-1))) * static_cast<double>(b.size(-1));
  const double bytes = 4 * (static_cast<double>(a.numel() + b.numel()) + outputs);
  return {.label = std::move(label),
          .inputs = {std::move(a), std::move(b)},
          .run = [](std::span<const Tensor> in) -> Tensors { return {matmul(in[0], in[1])}; },
          .reference = [](std::span<const Tensor> in) { return naive(in[0], in[1]); },
          .flops = flops,
          .min_bytes = bytes};
}

const RegisterOp registered([] {
  OpSpec spec{.name = "matmul", .dtypes = kFloatingDTypes, .no_derivative = {}, .samples = {}, .errors = {}};
  spec.is_product = true;
  spec.samples = [](SampleMaker& make) {
    const auto t = [&](const Shape& shape) { return make.normal(shape, 0.5); };
    std::vector<Sample> samples;
    samples.push_back(matmul_sample("two matrices", t({5, 7}), t({7, 3})));
    samples.push_back(matmul_sample("one by one", t({1, 1}), t({1, 1})));
    samples.push_back(matmul_sample("row by column", t({1, 33}), t({33, 1})));
    samples.push_back(matmul_sample("column by row", t({9, 1}), t({1, 11})));
    samples.push_back(matmul_sample("larger than one block", t({67, 130}), t({130, 71})));
    samples.push_back(matmul_sample("batch", t({3, 4, 5}), t({3, 5, 2})));
    samples.push_back(matmul_sample("two batch axes", t({2, 3, 17, 9}), t({2, 3, 9, 19})));
    samples.push_back(matmul_sample("one matrix for the whole batch", t({2, 3, 4, 5}), t({5, 6})));
    samples.push_back(matmul_sample("batch against one matrix in front", t({4, 5}), t({3, 5, 6})));
    samples.push_back(matmul_sample("batches that stretch against each other", t({3, 1, 4, 5}), t({1, 2, 5, 3})));
    samples.push_back(matmul_sample("no batch", t({0, 2, 3}), t({0, 3, 4})));
    samples.push_back(matmul_sample("no rows", t({0, 3}), t({3, 4})));
    samples.push_back(matmul_sample("nothing to add up", t({2, 0}), t({0, 4})));
    samples.push_back(matmul_sample("NaN and infinity",
                                    from_values({1.0, std::nan(""), 2.0, HUGE_VAL, 0.5, -1.0}, {3, 2}), t({2, 5})));
    samples.back().check_gradient = false;
    Sample offset = matmul_sample("values far from zero", make.normal({6, 40}, 1, 30), make.normal({40, 5}, 1, -30));
    offset.tolerance = 1e-4;
    samples.push_back(offset);
    return samples;
  };
  spec.errors = [] {
    return std::vector<ErrorSample>{
        {"inner axis", [] { matmul(zeros({2, 3}), zeros({4, 5})); },
         "matmul: a has 3 columns and b 4 rows in shapes [2, 3] and [4, 5]"},
        {"vector", [] { matmul(zeros({2, 3}), zeros({3})); },
         "matmul: b has shape [3], expected at least 2 axes\n  hint: unsqueeze a vector into a row or a column"},
        {"batch", [] { matmul(zeros({2, 3, 4}), zeros({5, 4, 3})); },
         "matmul: shapes [2] and [5] do not broadcast: axis -1 is 2 against 5\n"
         "  hint: extents must be equal or 1, counted from the last axis"},
        {"dtype", [] { matmul(zeros({2, 3}), zeros({3, 2}, DType::f64)); },
         "matmul: b is f64, expected f32\n  hint: convert with ops::cast"},
        {"integers", [] { matmul(zeros({2, 3}, DType::i64), zeros({3, 2}, DType::i64)); },
         "matmul: a is i64, expected a floating dtype"}};
  };
  return spec;
});

}  // namespace
}  // namespace triad::ops
