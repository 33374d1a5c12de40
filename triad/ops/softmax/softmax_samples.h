// The specification softmax and log-softmax share.
#pragma once

#include <cmath>
#include <limits>
#include <tuple>

#include "triad/ops/registry/op_spec.h"

namespace triad::ops {

/// naive(row) replaces a row by its result, in f64.
template <Tensor (*op)(const Tensor&, int64_t)>
OpSpec softmax_spec(std::string_view name, void (*naive)(std::vector<double>&)) {
  OpSpec spec{.name = name, .dtypes = kFloatingDTypes, .no_derivative = {}, .samples = {}, .errors = {}};
  const auto sample = [naive](std::string label, Tensor x, int64_t axis) {
    const double n = static_cast<double>(x.numel());
    const auto reference = [axis, naive](std::span<const Tensor> in) -> Tensors {
      const int64_t extent = in[0].size(static_cast<int>(axis));
      const int64_t position = axis < 0 ? axis + in[0].rank() : axis;
      int64_t inner = 1;
      for (int i = static_cast<int>(position) + 1; i < in[0].rank(); ++i) inner *= in[0].size(i);
      std::vector<double> values = in[0].to_vector<double>(), row(static_cast<size_t>(extent));
      const auto at = [&](int64_t start, size_t k) -> double& {
        return values[static_cast<size_t>(start) + k * static_cast<size_t>(inner)];
      };
      for (int64_t start = 0; start < in[0].numel(); ++start) {
        if (start / inner % extent != 0) continue;
        for (size_t k = 0; k < row.size(); ++k) row[k] = at(start, k);
        naive(row);
        for (size_t k = 0; k < row.size(); ++k) at(start, k) = row[k];
      }
      return {from_values(values, in[0].shape())};
    };
    return Sample{.label = std::move(label),
                  .inputs = {std::move(x)},
                  .run = [axis](std::span<const Tensor> in) -> Tensors { return {op(in[0], axis)}; },
                  .reference = reference,
                  .flops = 15 * n,
                  .min_bytes = 8 * n,
                  .backward_flops = 4 * n,
                  .backward_min_bytes = 12 * n};
  };
  spec.samples = [sample](SampleMaker& make) {
    std::vector<Sample> samples;
    const auto add = [&](std::string label, Tensor x, int64_t axis, bool check_gradient = true) {
      samples.push_back(sample(std::move(label), std::move(x), axis));
      samples.back().check_gradient = check_gradient;
    };
    constexpr double kInf = std::numeric_limits<double>::infinity();
    add("last axis", make.normal({5, 37}, 2), -1);
    add("whole vectors", make.normal({3, 2, 48}), 2);
    add("first axis", make.normal({7, 5}), 0);
    add("middle axis", make.normal({3, 19, 4}), 1);
    add("one entry", make.normal({4, 1}), -1);
    add("no rows", make.normal({0, 4}), -1);
    add("no entries", make.normal({3, 0}), -1);
    add("long rows, more than a chunk", make.normal({9, 1001}), -1);
    add("some entries -inf", from_values({1.0, -kInf, 2.0, -kInf, 0.5, -kInf}, {2, 3}), -1, false);
    add("mean 1e4: differences too coarse", make.normal({3, 20}, 2, 1e4), -1, false);
    add("wide range", make.normal({3, 50}, 300), -1, false);
    add("equal values", full({2, 21}, -3, DType::f64), -1);
    add("NaN and infinities in their rows",
        from_values({-kInf, -kInf, -kInf, 1.0, std::nan(""), 2.0, 1.0, kInf, 2.0, -kInf, std::nan(""), -kInf}, {4, 3}),
        -1, false);
    return samples;
  };
  for (const auto& [suite, rows, width] : {std::tuple{"text-mini", 16384, 128}, {"text-base", 60, 30522}}) {
    spec.workloads.push_back({suite, str(rows, "x", width),
                              [=](SampleMaker& make) { return sample("", make.normal({rows, width}, 2), -1); }});
  }
  spec.errors = [name] {
    return std::vector<ErrorSample>{
        {"integers", [] { op(zeros({2}, DType::i64), -1); }, str(name, ": x is i64, expected a floating dtype")},
        {"axis", [] { op(zeros({2, 3}), 2); }, str(name, ": axis 2 does not exist in a tensor of 2 axes")}};
  };
  return spec;
}

}  // namespace triad::ops
