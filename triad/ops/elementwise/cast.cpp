#include "triad/ops/elementwise/cast.h"

#include "triad/autograd/node.h"
#include "triad/ops/registry/op_spec.h"

namespace triad::ops {

Tensor cast(const Tensor& x, DType dtype) {
  if (x.dtype() == dtype) return x;
  const DType from = x.dtype();
  return record("cast", {x}, clone_as(x.detach(), dtype), {},
                [from](const Backward& b) -> Gradients { return {clone_as(b.dy(), from)}; });
}

namespace {

const RegisterOp registered([] {
  OpSpec spec{.name = "cast", .dtypes = kFloatingDTypes, .no_derivative = {}, .samples = {}, .errors = {}};
  spec.samples = [](SampleMaker& make) {
    const auto sample = [](std::string label, Tensor x, DType to) {
      const double bytes = static_cast<double>(x.numel()) * static_cast<double>(4 + size_of(to));
      return Sample{.label = std::move(label),
                    .inputs = {std::move(x)},
                    .run = [to](std::span<const Tensor> in) -> Tensors { return {cast(in[0], to)}; },
                    .reference = [to](std::span<const Tensor> in) -> Tensors {
                      std::vector<double> values = in[0].to_vector<double>();
                      for (double& v : values) {
                        if (to == DType::f32) v = static_cast<float>(v);
                        else if (to == DType::boolean) v = v != 0;
                        else if (!is_floating(to)) v = std::trunc(v);
                      }
                      return {from_values(values, in[0].shape())};
                    },
                    .check_gradient = to == DType::f64,
                    .flops = 0,
                    .min_bytes = bytes};
    };
    return std::vector<Sample>{sample("to f64", make.normal({5, 7}), DType::f64),
                               sample("to f32, which rounds", make.normal({600}), DType::f32),
                               sample("to i64", make.uniform({33}, -9, 9), DType::i64),
                               sample("to i32", make.uniform({2, 3}, -9, 9), DType::i32),
                               sample("to bool", from_values({0.0, 1.0, -0.5}, {3}), DType::boolean),
                               sample("empty", make.normal({0}), DType::f32),
                               sample("hostile values", make.hostile({40}), DType::f32)};
  };
  spec.errors = [] { return std::vector<ErrorSample>{}; };
  spec.no_errors = "every dtype converts to every other";
  return spec;
});

}  // namespace
}  // namespace triad::ops
