// Against torch.nn.LSTM over packed sequences, whose numbers scripts/golden/lstm.py wrote down.
#include <cmath>
#include <fstream>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "tests/harness/data_path.h"
#include "triad/autograd/autograd.h"
#include "triad/core/tensor/views.h"
#include "triad/ops/recurrent/lstm.h"
#include "triad/ops/registry/op_spec.h"

namespace triad::ops {
namespace {

using nlohmann::json;

Tensor tensor_of(const json& values, const Shape& shape, DType dtype) {
  return clone_as(from_values(values.get<std::vector<double>>(), shape), dtype);
}

void expect_near(const Tensor& got, const Tensor& wanted, double tolerance, const std::string& where) {
  ASSERT_EQ(got.shape(), wanted.shape()) << where;
  const auto values = got.to_vector<double>(), expected = wanted.to_vector<double>();
  for (size_t i = 0; i < values.size(); ++i)
    ASSERT_NEAR(values[i], expected[i], tolerance * (1 + std::abs(expected[i]))) << where << ", element " << i;
}

/// One of the two directions of a case. torch keeps y [B, T, 2H] and h, c [2, B, H].
class Direction {
 public:
  Direction(const json& c, bool reverse, DType dtype) : case_(c), reverse_(reverse), dtype_(dtype) {
    const int64_t in = c["inputs"], hidden = c["hidden"], batch = static_cast<int64_t>(c["lengths"].size());
    shape_y_ = {batch, c["time"], 2 * hidden};
    shape_h_ = {2, batch, hidden};
    for (const auto& [name, shape] : {std::pair{"weight_ih", Shape{4 * hidden, in}},
                                      {"weight_hh", Shape{4 * hidden, hidden}},
                                      {"bias_ih", Shape{4 * hidden}},
                                      {"bias_hh", Shape{4 * hidden}}}) {
      names_.push_back(str(name, "_l0", reverse ? "_reverse" : ""));
      shapes_.push_back(shape);
      const bool present = c["parameters"].contains(names_.back());
      weights_.push_back(present ? requires_grad(tensor_of(c["parameters"][names_.back()], shape, dtype)) : Tensor());
    }
  }

  /// Runs forward and backward, checks everything but the gradient of x, which is left in x.
  void check(const Tensor& x, double tolerance) const {
    const LstmOutput out = lstm(x, from_values(case_["lengths"].get<std::vector<int64_t>>(), {x.size(0)}), weights_[0],
                                weights_[1], weights_[2], weights_[3], reverse_);
    const Tensor outputs[] = {out.y, out.h, out.c};
    const Tensor cotangents[] = {part("cotangents", "y"), part("cotangents", "h"), part("cotangents", "c")};
    backward(outputs, cotangents);
    for (size_t i = 0; i < 3; ++i)
      expect_near(outputs[i], part("outputs", std::array{"y", "h", "c"}[i]), tolerance, str("output ", i));
    for (size_t i = 0; i < weights_.size(); ++i) {
      if (!weights_[i].defined()) continue;
      expect_near(grad(weights_[i]), tensor_of(case_["gradients"][names_[i]], shapes_[i], dtype_), tolerance,
                  names_[i]);
    }
  }

 private:
  /// The part of an output, or of its cotangent, that belongs to this direction.
  Tensor part(const char* group, const std::string& name) const {
    const Tensor all = tensor_of(case_[group][name], name == "y" ? shape_y_ : shape_h_, dtype_);
    if (name != "y") return views::select(all, 0, reverse_ ? 1 : 0);
    const int64_t hidden = all.size(2) / 2;
    return views::slice(all, 2, reverse_ ? hidden : 0, reverse_ ? 2 * hidden : hidden);
  }

  const json& case_;
  bool reverse_;
  DType dtype_;
  Shape shape_y_, shape_h_;
  std::vector<std::string> names_;
  std::vector<Shape> shapes_;
  Tensors weights_;
};

TEST(TorchLstm, OutputsAndGradientsAgree) {
  std::ifstream file(harness::golden_path("recurrent/lstm.json"));
  const json cases = json::parse(file);
  ASSERT_EQ(cases.size(), 2u);
  for (const auto& [dtype, tolerance] : {std::pair{DType::f64, 1e-12}, std::pair{DType::f32, 3e-6}}) {
    for (const json& c : cases) {
      const Shape shape{static_cast<int64_t>(c["lengths"].size()), c["time"], c["inputs"]};
      const Tensor x = requires_grad(tensor_of(c["x"], shape, dtype));
      for (const bool reverse : {false, true}) {
        SCOPED_TRACE(str(dtype, reverse ? " backward in time" : " forward in time"));
        Direction(c, reverse, dtype).check(x, tolerance);
      }
      expect_near(grad(x), tensor_of(c["dx"], shape, dtype), tolerance, "x");
    }
  }
}

}  // namespace
}  // namespace triad::ops
