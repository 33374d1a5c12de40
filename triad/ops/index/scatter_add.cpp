#include "triad/ops/index/scatter_add.h"

#include <numeric>

#include "triad/autograd/node.h"
#include "triad/ops/index/gather.h"
#include "triad/ops/index/index_select.h"
#include "triad/ops/registry/op_spec.h"

namespace triad::ops {

constinit KernelTable<ScatterAdd> scatter_add_kernel{"scatter_add"};

Tensor scatter_add(const Tensor& x, int64_t axis_in, const Tensor& index_in, const Tensor& source) {
  const int axis = normalize_axis("scatter_add", axis_in, x.rank());
  require<DTypeError>(is_floating(x.dtype()) || x.dtype() == DType::i64 || x.dtype() == DType::i32, "scatter_add",
                      "x is ", x.dtype(), ", expected a floating dtype, i64 or i32");
  check_same_dtype("scatter_add", "source", source, x);
  check_same_device("scatter_add", "source", source, x);
  check_same_device("scatter_add", "index", index_in, x);
  check_index_fits("scatter_add", x, axis, index_in);
  check_shape("scatter_add", "source", source, index_in.shape());
  const Tensor index = checked_indices("scatter_add", index_in, x.size(axis));
  Tensor sums = clone_as(x.detach(), accumulation_dtype(x.dtype()));
  scatter_add_kernel(x.device(), {source, axis, index, sums});
  const Tensor y = sums.dtype() == x.dtype() ? sums : clone_as(sums, x.dtype());
  return record("scatter_add", {x, source}, y, {index}, [axis](const Backward& b) -> Gradients {
    const Tensor dy = b.dy();
    return {dy, b.needs(1) ? gather(dy, axis, b.saved(0)) : Tensor()};
  });
}

namespace {

Tensors naive(const Tensor& x, int axis, const Tensor& index, const Tensor& source) {
  auto sums = x.to_vector<double>();
  const auto added = source.to_vector<double>();
  const auto chosen = index.to_vector<int64_t>();
  for (size_t i = 0; i < chosen.size(); ++i) {
    int64_t rest = static_cast<int64_t>(i), target = 0, scale = 1;
    for (int at = x.rank() - 1; at >= 0; --at) {
      target += scale * (at == axis ? chosen[i] : rest % index.size(at));
      rest /= index.size(at);
      scale *= x.size(at);
    }
    sums[static_cast<size_t>(target)] += added[i];
  }
  return {from_values(sums, x.shape())};
}

const RegisterOp registered([] {
  OpSpec spec{.name = "scatter_add",
              .dtypes = {DType::f32, DType::bf16, DType::f16, DType::f64, DType::i64, DType::i32},
              .no_derivative = {},
              .samples = {},
              .errors = {}};
  spec.samples = [](SampleMaker& make) {
    const auto sample = [](std::string label, Tensor x, int axis, Tensor index, Tensor source) {
      const double n = static_cast<double>(index.numel());
      const double bytes = 8 * static_cast<double>(x.numel()) + 12 * n;
      return Sample{
          .label = std::move(label),
          .inputs = {std::move(x), std::move(index), std::move(source)},
          .run = [axis](std::span<const Tensor> in) -> Tensors { return {scatter_add(in[0], axis, in[1], in[2])}; },
          .reference = [axis](std::span<const Tensor> in) { return naive(in[0], axis, in[1], in[2]); },
          .flops = n,
          .min_bytes = bytes};
    };
    Sample collisions = sample("thousands of values meet", make.normal({2, 3}), 0, make.indices({5000, 3}, 2),
                               make.normal({5000, 3}, 0.1));
    collisions.tolerance = 1e-4;
    std::vector<int64_t> every(30);
    std::iota(every.begin(), every.end(), 0);
    const Tensor ascending = from_values(every, {30});
    return std::vector<Sample>{
        sample("last axis", make.normal({3, 5}), 1, make.indices({3, 4}, 5), make.normal({3, 4})),
        sample("first axis, many repeats", make.normal({2, 7}), 0, make.indices({9, 7}, 2), make.normal({9, 7})),
        sample("middle axis, smaller index", make.normal({3, 4, 5}), 1, make.indices({2, 6, 3}, 4),
               make.normal({2, 6, 3})),
        sample("one long row", make.normal({300}), 0, make.indices({4000}, 300), make.normal({4000})),
        sample("one element", make.normal({1}), 0, make.indices({1}, 1), make.normal({1})),
        sample("nothing added", make.normal({4, 3}), 0, make.indices({0, 3}, 4), make.normal({0, 3})),
        sample("hostile values", full({30}, 0, DType::f64), 0, ascending, make.hostile({30})),
        collisions};
  };
  spec.errors = [] {
    return std::vector<ErrorSample>{
        {"outside", [] { scatter_add(zeros({3}), 0, from_values<int64_t>({-1}, {1}), zeros({1})); },
         "scatter_add: index 0 is -1, expected 0 to 2"},
        {"source", [] { scatter_add(zeros({3}), 0, from_values<int64_t>({1}, {1}), zeros({2})); },
         "scatter_add: source has shape [2], expected [1]"},
        {"extent", [] { scatter_add(zeros({1, 3}), 1, from_values<int64_t>({0, 0}, {2, 1}), zeros({2, 1})); },
         "scatter_add: index has shape [2, 1], which beside axis 1 exceeds [1, 3], the shape of x"},
        {"dtype", [] { scatter_add(zeros({3}), 0, from_values<int64_t>({1}, {1}), zeros({1}, DType::f64)); },
         "scatter_add: source is f64, expected f32\n  hint: convert with ops::cast"},
        {"bool",
         [] { scatter_add(zeros({3}, DType::boolean), 0, from_values<int64_t>({1}, {1}), zeros({1}, DType::boolean)); },
         "scatter_add: x is bool, expected a floating dtype, i64 or i32"}};
  };
  return spec;
});

}  // namespace
}  // namespace triad::ops
