#include "triad/ops/optimizer/gradient_norm.h"

#include <algorithm>
#include <cmath>

#include "triad/autograd/node.h"
#include "triad/ops/optimizer/adamw.h"
#include "triad/ops/registry/op_spec.h"
#include "triad/ops/shape/reshape.h"

namespace triad::ops {

namespace {
constexpr std::string_view kNoDerivative = "it gives a number to the optimizer, not a tensor";
}

constinit KernelTable<SumOfSquares> sum_of_squares{"gradient_norm"};

double gradient_norm(const Tensor& flat) {
  check_flat("gradient_norm", "flat", flat, flat);
  refuse_gradient("gradient_norm", {flat}, kNoDerivative);
  double total = 0;
  sum_of_squares(flat.device(), {flat, total});
  return std::sqrt(total);
}

int64_t first_non_finite(const Tensor& flat) {
  check_flat("first_non_finite", "flat", flat, flat);
  const std::vector<float> values = flat.to_vector<float>();
  const auto bad = std::find_if(values.begin(), values.end(), [](float v) { return !std::isfinite(v); });
  return bad == values.end() ? -1 : bad - values.begin();
}

namespace {

OpSpec make_spec() {
  OpSpec spec{
      .name = "gradient_norm", .dtypes = {DType::f32}, .no_derivative = kNoDerivative, .samples = {}, .errors = {}};
  const auto sample = [](std::string label, Tensor x) {
    const double n = static_cast<double>(x.numel());
    Sample s{.label = std::move(label), .inputs = {std::move(x)}};
    s.run = [](std::span<const Tensor> in) -> Tensors { return {full({}, gradient_norm(ops::contiguous(in[0])))}; };
    s.reference = [](std::span<const Tensor> in) -> Tensors {
      double total = 0;
      for (const double v : in[0].to_vector<double>()) total += v * v;
      return {full({}, std::sqrt(total), DType::f64)};
    };
    s.check_gradient = false;
    s.flops = 2 * n;
    s.min_bytes = 4 * n;
    return s;
  };
  spec.samples = [sample](SampleMaker& make) {
    Tensor large = make.normal({1500});
    large.mutable_data<double>()[700] = 3e30;
    return std::vector<Sample>{sample("some", make.normal({77})),
                               sample("many", make.normal({100001})),
                               sample("one", make.normal({1})),
                               sample("none", make.normal({0})),
                               sample("large", make.normal({50}, 1e15)),
                               sample("squares beyond f32, in one piece of two", large),
                               sample("NaN", from_values<double>({1, std::nan(""), 2}, {3}))};
  };
  spec.workloads = {{"text-base", "16 M parameters",
                     [sample](SampleMaker& make) { return sample("", make.uniform({int64_t{1} << 24}, -1, 1)); }}};
  spec.errors = [] {
    return std::vector<ErrorSample>{
        {"dtype", [] { gradient_norm(zeros({3}, DType::f64)); }, "gradient_norm: flat is f64, expected f32"}};
  };
  return spec;
}

const RegisterOp registered(&make_spec);

}  // namespace
}  // namespace triad::ops
