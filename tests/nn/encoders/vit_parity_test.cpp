// Against timm's VisionTransformer, weight for weight; scripts/golden/vit.py wrote its numbers down.
#include <cmath>
#include <limits>
#include <string>
#include <utility>

#include <gtest/gtest.h>

#include "tests/harness/data_path.h"
#include "triad/autograd/autograd.h"
#include "triad/data/formats/safetensors.h"
#include "triad/nn/encoders/image_encoder.h"

namespace triad::nn {
namespace {

/// The name in timm of a parameter of the body.
std::string timm_name(std::string name) {
  constexpr std::pair<std::string_view, std::string_view> kRenamed[] = {{"layers.", "blocks."},
                                                                        {"attention_norm", "norm1"},
                                                                        {"feed_forward_norm", "norm2"},
                                                                        {"attention.query_key_value", "attn.qkv"},
                                                                        {"attention.output", "attn.proj"},
                                                                        {"feed_forward.inner", "mlp.fc1"},
                                                                        {"feed_forward.outer", "mlp.fc2"}};
  for (const auto& [ours, theirs] : kRenamed) {
    if (const size_t at = name.find(ours); at != name.npos) name.replace(at, ours.size(), theirs);
  }
  return name;
}

double largest(const Tensor& t) {
  double most = 0;
  for (const double v : t.to_vector<double>()) most = std::max(most, std::abs(v));
  return most;
}

/// Largest |got - expected|; infinite for NaN, another shape or a tensor that is not there.
double distance(const Tensor& got, const Tensor& expected) {
  if (!got.defined() || got.shape() != expected.shape()) return std::numeric_limits<double>::infinity();
  const auto a = got.to_vector<double>(), b = expected.to_vector<double>();
  double most = 0;
  for (size_t i = 0; i < a.size(); ++i) {
    const double d = std::abs(a[i] - b[i]);
    if (!(d <= most)) most = std::isnan(d) ? std::numeric_limits<double>::infinity() : d;
  }
  return most;
}

class VitParity : public testing::Test {
 protected:
  VitParity() {
    for (const NamedParameter& p : parameters_of(encoder_)) {
      if (p.name.starts_with("stem.") || p.name == "mask_token") continue;
      body_.push_back(p);
      p.parameter->assign(p.name, golden_.at(timm_name(p.name)));
    }
  }

  data::TensorMap golden_ = data::read_safetensors(harness::golden_path("vit/timm.safetensors"));
  ImageEncoder encoder_{{.stem_channels = {8}, .width = 48, .layers = 2, .heads = 3, .hidden = 72}, {.seed = 1}};
  std::vector<NamedParameter> body_;
};

TEST_F(VitParity, EveryWeightHasItsPlace) {
  size_t weights = 0;
  for (const auto& [name, tensor] : golden_) weights += golden_.contains("gradient." + name) && name != "tokens";
  EXPECT_EQ(weights, 26u);
  EXPECT_EQ(body_.size(), weights);
}

TEST_F(VitParity, OutputsAndGradientsAgree) {
  const Tensor tokens = requires_grad(golden_.at("tokens"));
  const Tensor output = encoder_.body(tokens, {});
  EXPECT_LE(distance(output, golden_.at("output")), 1e-5);
  backward(output, golden_.at("cotangent"));
  const auto expect_gradient = [&](const std::string& name, const Tensor& gradient) {
    const Tensor& expected = golden_.at("gradient." + name);
    EXPECT_LE(distance(gradient, expected), 1e-4 * largest(expected)) << name;
  };
  expect_gradient("tokens", grad(tokens));
  for (const NamedParameter& p : body_) expect_gradient(timm_name(p.name), grad(p.parameter->value()));
}

}  // namespace
}  // namespace triad::nn
