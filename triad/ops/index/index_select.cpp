#include "triad/ops/index/index_select.h"

#include "triad/autograd/node.h"
#include "triad/core/tensor/views.h"
#include "triad/ops/registry/op_spec.h"
#include "triad/ops/shape/folded_shape.h"

namespace triad::ops {

constinit KernelTable<IndexSelectForward> index_select_forward{"index_select"};
constinit KernelTable<IndexAdd> index_add{"index_select backward"};

Tensor checked_indices(std::string_view op, const Tensor& indices, int64_t n) {
  require<DTypeError>(indices.dtype() == DType::i64 || indices.dtype() == DType::i32, op, "indices are ",
                      indices.dtype(), ", expected i64 or i32");
  const Tensor dense = indices.dtype() == DType::i64 ? contiguous(indices) : clone_as(indices, DType::i64);
  if (dense.device() != kCpu) return dense;  // a kernel checks where the host cannot look
  const int64_t* values = dense.data<int64_t>();
  for (int64_t i = 0; i < dense.numel(); ++i) {
    require<ValueError>(values[i] >= 0 && values[i] < n, op, "index ", i, " is ", values[i], ", expected 0 to ", n - 1);
  }
  return dense;
}

namespace {

Tensor select_as(std::string_view op, const Tensor& x, int axis, const Tensor& indices_in) {
  check_same_device(op, "indices", indices_in, x);
  const Tensor indices = checked_indices(op, indices_in, x.shape()[axis]);
  const Shape folded = folded_around(x.shape(), axis);
  Shape y_shape;
  for (int i = 0; i < axis; ++i) y_shape.push_back(x.shape()[i]);
  for (const int64_t extent : indices.shape()) y_shape.push_back(extent);
  for (int i = axis + 1; i < x.rank(); ++i) y_shape.push_back(x.shape()[i]);
  const Tensor x_folded = *views::reshape(contiguous(x.detach()), folded);
  const Tensor flat = *views::reshape(indices, {indices.numel()});
  Tensor y = empty(y_shape, x.dtype(), x.device());
  Tensor y_folded = *views::reshape(y, {folded[0], indices.numel(), folded[2]});
  index_select_forward(x.device(), {x_folded, flat, y_folded});
  const Shape x_shape = x.shape();
  return record(op, {x}, y, {flat}, [x_shape, folded](const Backward& b) -> Gradients {
    const Tensor dy = contiguous(b.dy());
    Tensor dx = zeros(x_shape, accumulation_dtype(dy.dtype()), dy.device());
    Tensor dx_folded = *views::reshape(dx, folded);
    const Tensor dy_folded = *views::reshape(dy, {folded[0], b.saved(0).numel(), folded[2]});
    index_add(dy.device(), {dy_folded, b.saved(0), dx_folded});
    return {dx.dtype() == dy.dtype() ? dx : clone_as(dx, dy.dtype())};
  });
}

}  // namespace

Tensor index_select(const Tensor& x, int64_t axis, const Tensor& indices) {
  return select_as("index_select", x, normalize_axis("index_select", axis, x.rank()), indices);
}

Tensor embedding(const Tensor& weight, const Tensor& ids) {
  check_rank("embedding", "weight", weight, 2);
  return select_as("embedding", weight, 0, ids);
}

namespace {

Tensors naive(const Tensor& x, int axis, const Tensor& indices) {
  const Shape folded = folded_around(x.shape(), axis);
  const auto values = x.to_vector<double>();
  const auto chosen = indices.to_vector<int64_t>();
  std::vector<double> out;
  for (int64_t o = 0; o < folded[0]; ++o) {
    for (const int64_t k : chosen) {
      for (int64_t i = 0; i < folded[2]; ++i)
        out.push_back(values[static_cast<size_t>((o * folded[1] + k) * folded[2] + i)]);
    }
  }
  Shape shape = x.shape();
  shape.erase(axis);
  for (int i = 0; i < indices.rank(); ++i) shape.insert(axis + i, indices.shape()[i]);
  return {from_values(out, shape)};
}

Sample select_sample(std::string label, Tensor x, int axis, Tensor indices) {
  const int64_t slice = x.numel() / std::max<int64_t>(x.size(axis), 1);
  const double moved = 8.0 * static_cast<double>(indices.numel() * slice);
  const double table = 4.0 * static_cast<double>(x.numel());
  return {.label = std::move(label),
          .inputs = {std::move(x), std::move(indices)},
          .run = [axis](std::span<const Tensor> in) -> Tensors { return {index_select(in[0], axis, in[1])}; },
          .reference = [axis](std::span<const Tensor> in) { return naive(in[0], axis, in[1]); },
          .min_bytes = moved,
          .backward_min_bytes = moved / 2 + table};
}

const RegisterOp registered_select([] {
  OpSpec spec{.name = "index_select", .dtypes = kFloatingDTypes, .no_derivative = {}, .samples = {}, .errors = {}};
  spec.samples = [](SampleMaker& make) {
    return std::vector<Sample>{select_sample("last axis", make.normal({3, 5}), 1, make.indices({4}, 5)),
                               select_sample("middle axis, repeats", make.normal({2, 3, 70}), 1, make.indices({9}, 3)),
                               select_sample("matrix of indices", make.normal({6, 2}), 0, make.indices({2, 3}, 6)),
                               select_sample("no index", make.normal({6, 2}), 0, make.indices({0}, 6)),
                               select_sample("hostile values", make.hostile({6, 5}), 0, make.indices({9}, 6))};
  };
  spec.errors = [] {
    return std::vector<ErrorSample>{{"outside", [] { index_select(zeros({3}), 0, from_values<int64_t>({0, 3}, {2})); },
                                     "index_select: index 1 is 3, expected 0 to 2"},
                                    {"floating indices", [] { index_select(zeros({3}), 0, zeros({1})); },
                                     "index_select: indices are f32, expected i64 or i32"}};
  };
  return spec;
});

const RegisterOp registered_embedding([] {
  OpSpec spec{.name = "embedding", .dtypes = kFloatingDTypes, .no_derivative = {}, .samples = {}, .errors = {}};
  const auto sample = [](std::string label, Tensor weight, Tensor ids) {
    Sample s = select_sample(std::move(label), std::move(weight), 0, std::move(ids));
    s.run = [](std::span<const Tensor> in) -> Tensors { return {embedding(in[0], in[1])}; };
    return s;
  };
  spec.samples = [sample](SampleMaker& make) {
    return std::vector<Sample>{sample("batch of ids", make.normal({11, 8}), make.indices({3, 4}, 11)),
                               sample("many repeats", make.normal({3, 130}), make.indices({200}, 3)),
                               sample("i32 ids", make.normal({5, 3}), clone_as(make.indices({2, 2}, 5), DType::i32)),
                               sample("one id", make.normal({2, 1}), make.indices({}, 2)),
                               sample("no ids", make.normal({5, 3}), make.indices({0, 4}, 5)),
                               sample("hostile values", make.hostile({6, 5}), make.indices({9}, 6))};
  };
  for (const auto& [suite, batch, words, width] :
       {std::tuple{"text-mini", 32, 8192, 256}, {"text-base", 4, 30522, 768}}) {
    spec.workloads.push_back({suite, str("words ", batch, "x128 of ", words, "x", width), [=](SampleMaker& make) {
                                return sample("", make.normal({words, width}), make.indices({batch, 128}, words));
                              }});
  }
  spec.errors = [] {
    return std::vector<ErrorSample>{{"negative", [] { embedding(zeros({3, 2}), from_values<int64_t>({-1}, {1})); },
                                     "embedding: index 0 is -1, expected 0 to 2"},
                                    {"rank", [] { embedding(zeros({3}), from_values<int64_t>({0}, {1})); },
                                     "embedding: weight has shape [3], expected 2 axes"}};
  };
  return spec;
});

}  // namespace
}  // namespace triad::ops
