#include "triad/ops/index/gather.h"

#include "triad/autograd/node.h"
#include "triad/ops/index/index_select.h"
#include "triad/ops/index/scatter_add.h"
#include "triad/ops/registry/op_spec.h"

namespace triad::ops {

constinit KernelTable<GatherForward> gather_forward{"gather"};

void check_index_fits(std::string_view op, const Tensor& x, int axis, const Tensor& index) {
  check_rank(op, "index", index, x.rank());
  for (int i = 0; i < x.rank(); ++i) {
    require<ShapeError>(i == axis || index.size(i) <= x.size(i), op, "index has shape ", index.shape(),
                        ", which beside axis ", axis, " exceeds ", x.shape(), ", the shape of x");
  }
}

Tensor gather(const Tensor& x, int64_t axis_in, const Tensor& index_in) {
  const int axis = normalize_axis("gather", axis_in, x.rank());
  check_same_device("gather", "index", index_in, x);
  check_index_fits("gather", x, axis, index_in);
  const Tensor index = checked_indices("gather", index_in, x.size(axis));
  Tensor y = empty(index.shape(), x.dtype(), x.device());
  gather_forward(x.device(), {x, axis, index, y});
  const Shape x_shape = x.shape();
  return record("gather", {x}, y, {index}, [axis, x_shape](const Backward& b) -> Gradients {
    const Tensor dy = b.dy();
    return {scatter_add(zeros(x_shape, dy.dtype(), dy.device()), axis, b.saved(0), dy)};
  });
}

namespace {

/// Position in x of what lands at element i of y.
int64_t source_of(int64_t i, const Shape& x_shape, int axis, const Shape& y_shape, int64_t chosen) {
  int64_t source = 0, scale = 1;
  for (int at = y_shape.rank() - 1; at >= 0; --at) {
    source += scale * (at == axis ? chosen : i % y_shape[at]);
    i /= y_shape[at];
    scale *= x_shape[at];
  }
  return source;
}

Tensors naive(const Tensor& x, int axis, const Tensor& index) {
  const auto values = x.to_vector<double>();
  const auto chosen = index.to_vector<int64_t>();
  std::vector<double> out;
  for (size_t i = 0; i < chosen.size(); ++i) {
    const int64_t source = source_of(static_cast<int64_t>(i), x.shape(), axis, index.shape(), chosen[i]);
    out.push_back(values[static_cast<size_t>(source)]);
  }
  return {from_values(out, index.shape())};
}

const RegisterOp registered([] {
  OpSpec spec{.name = "gather",
              .dtypes = {DType::f32, DType::bf16, DType::f16, DType::f64, DType::i64, DType::boolean},
              .no_derivative = {},
              .samples = {},
              .errors = {}};
  spec.samples = [](SampleMaker& make) {
    const auto sample = [](std::string label, Tensor x, int axis, Tensor index) {
      const double bytes = 16 * static_cast<double>(index.numel());
      return Sample{.label = std::move(label),
                    .inputs = {std::move(x), std::move(index)},
                    .run = [axis](std::span<const Tensor> in) -> Tensors { return {gather(in[0], axis, in[1])}; },
                    .reference = [axis](std::span<const Tensor> in) { return naive(in[0], axis, in[1]); },
                    .min_bytes = bytes};
    };
    return std::vector<Sample>{
        sample("last axis", make.normal({3, 5}), 1, make.indices({3, 4}, 5)),
        sample("first axis, many repeats", make.normal({2, 7}), 0, make.indices({9, 7}, 2)),
        sample("middle axis, smaller index", make.normal({3, 4, 5}), 1, make.indices({2, 6, 3}, 4)),
        sample("i32 indices", make.normal({4, 3}), 0, clone_as(make.indices({2, 3}, 4), DType::i32)),
        sample("long rows", make.normal({2, 70}), 0, make.indices({3, 70}, 2)),
        sample("one element", make.normal({1}), 0, make.indices({1}, 1)),
        sample("no index", make.normal({4, 3}), 0, make.indices({0, 3}, 4)),
        sample("hostile values", make.hostile({5, 6}), 0, make.indices({9, 6}, 5))};
  };
  spec.errors = [] {
    return std::vector<ErrorSample>{
        {"outside", [] { gather(zeros({2, 3}), 1, from_values<int64_t>({0, 3}, {1, 2})); },
         "gather: index 1 is 3, expected 0 to 2"},
        {"rank", [] { gather(zeros({2, 3}), 1, from_values<int64_t>({0}, {1})); },
         "gather: index has shape [1], expected 2 axes"},
        {"extent", [] { gather(zeros({1, 3}), 1, from_values<int64_t>({0, 0}, {2, 1})); },
         "gather: index has shape [2, 1], which beside axis 1 exceeds [1, 3], the shape of x"},
        {"floating indices", [] { gather(zeros({3}), 0, zeros({1})); },
         "gather: indices are f32, expected i64 or i32"}};
  };
  return spec;
});

}  // namespace
}  // namespace triad::ops
