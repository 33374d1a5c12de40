#include "triad/core/tensor/views.h"

#include <limits>
#include <numeric>

#include <gtest/gtest.h>

#include "tests/harness/message_of.h"
#include "triad/autograd/autograd.h"

namespace triad {
namespace {

using harness::message_of;

Tensor counting(const Shape& shape) {
  std::vector<int64_t> values(static_cast<size_t>(shape.numel()));
  std::iota(values.begin(), values.end(), 0);
  return from_values(values, shape);
}

std::vector<int64_t> values_of(const Tensor& t) { return t.to_vector<int64_t>(); }

TEST(Views, PermuteAndTransposeMoveNoData) {
  const Tensor t = counting({2, 3, 4});
  const Tensor turned = views::permute(t, {2, 0, -2});
  EXPECT_EQ(turned.shape(), (Shape{4, 2, 3}));
  EXPECT_EQ(turned.strides(), (Strides{1, 12, 4}));
  EXPECT_EQ(turned.raw_data(), t.raw_data());
  EXPECT_EQ(values_of(views::transpose(counting({2, 3}), 0, -1)), (std::vector<int64_t>{0, 3, 1, 4, 2, 5}));
  EXPECT_EQ(message_of<ShapeError>([&] { views::permute(t, {0, 1}); }),
            "permute: order [0, 1] does not name the 3 axes of shape [2, 3, 4]");
  EXPECT_EQ(message_of<ShapeError>([&] { views::permute(t, {0, 1, -2}); }),
            "permute: axis 1 is listed twice in [0, 1, -2]");
}

TEST(Views, SliceClampsAsPythonDoes) {
  const Tensor t = counting({10});
  EXPECT_EQ(values_of(views::slice(t, 0, 2, 8, 3)), (std::vector<int64_t>{2, 5}));
  EXPECT_EQ(values_of(views::slice(t, 0, -3, 100)), (std::vector<int64_t>{7, 8, 9}));
  EXPECT_EQ(values_of(views::slice(t, 0, -100, -8)), (std::vector<int64_t>{0, 1}));
  EXPECT_EQ(values_of(views::slice(t, 0, 3, 9, std::numeric_limits<int64_t>::max())), (std::vector<int64_t>{3}));
  EXPECT_EQ(views::slice(t, 0, 8, 2).numel(), 0);
  EXPECT_EQ(views::slice(t, 0, 10, 20).numel(), 0);
  EXPECT_EQ(message_of<ValueError>([&] { views::slice(t, 0, 0, 5, 0); }), "slice: step is 0, expected at least 1");
  EXPECT_EQ(message_of<ShapeError>([&] { views::slice(t, 1, 0, 5); }),
            "slice: axis 1 does not exist in a tensor of 1 axes");
}

TEST(Views, SelectRemovesItsAxis) {
  const Tensor t = counting({2, 3});
  EXPECT_EQ(views::select(t, 1, -1).shape(), (Shape{2}));
  EXPECT_EQ(values_of(views::select(t, 1, -1)), (std::vector<int64_t>{2, 5}));
  EXPECT_EQ(message_of<ValueError>([&] { views::select(t, 1, 3); }),
            "select: index 3 is outside axis 1 of shape [2, 3]");
  EXPECT_EQ(message_of<ValueError>([&] { views::select(t, 0, -3); }),
            "select: index -3 is outside axis 0 of shape [2, 3]");
}

TEST(Views, ExpandRepeatsWithStrideZero) {
  const Tensor t = counting({2, 1});
  const Tensor wide = views::expand(t, {3, 2, 2});
  EXPECT_EQ(wide.strides(), (Strides{0, 1, 0}));
  EXPECT_EQ(values_of(wide), (std::vector<int64_t>{0, 0, 1, 1, 0, 0, 1, 1, 0, 0, 1, 1}));
  EXPECT_EQ(message_of<ShapeError>([&] { views::expand(t, {3, 1}); }),
            "expand: shape [2, 1] does not expand to [3, 1]: axis -2 is 2, expected 3 or 1");
  EXPECT_EQ(message_of<ShapeError>([&] { views::expand(t, {2}); }), "expand: shape [2, 1] has more axes than [2]");
  EXPECT_EQ(message_of<ShapeError>([&] { views::expand(t, {2, -1}); }), "expand: shape [2, -1] has a negative extent");
  EXPECT_EQ(message_of<ShapeError>([&] { views::expand(counting({1, 1}), {int64_t{1} << 32, int64_t{1} << 32}); }),
            "tensor: shape [4294967296, 4294967296] has more elements than 64 bits can count");
}

TEST(Views, UnsqueezeAddsAnAxisAnywhere) {
  const Tensor t = views::transpose(counting({2, 3}), 0, 1);
  for (int axis = 0; axis <= 2; ++axis) EXPECT_EQ(values_of(views::unsqueeze(t, axis)), values_of(t));
  EXPECT_EQ(views::unsqueeze(t, -1).shape(), (Shape{3, 2, 1}));
  EXPECT_EQ(views::unsqueeze(t, 0).shape(), (Shape{1, 3, 2}));
}

// Every factorisation of a few strided tensors: a reshape either shows the same elements over the same memory, or says
// that it cannot.
TEST(Views, ReshapeShowsTheSameElementsOrNothing) {
  const Tensor base = counting({4, 6, 2});
  const std::vector<Tensor> tensors = {base,
                                       views::transpose(base, 0, 1),
                                       views::slice(base, 0, 1, 3),
                                       views::slice(base, 1, 0, 6, 2),
                                       views::expand(counting({6, 1}), {2, 6, 4}),
                                       views::permute(base, {2, 0, 1}),
                                       views::slice(base, 2, 0, 1)};
  int possible = 0, impossible = 0;
  for (const Tensor& t : tensors) {
    for (int64_t a = 1; a <= t.numel(); ++a) {
      if (t.numel() % a != 0) continue;
      for (int64_t b = 1; b <= t.numel() / a; ++b) {
        if (t.numel() / a % b != 0) continue;
        const std::optional<Tensor> view = views::reshape(t, {a, b, t.numel() / a / b});
        ++(view ? possible : impossible);
        EXPECT_TRUE(view || !t.is_contiguous());
        if (!view) continue;
        EXPECT_EQ(values_of(*view), values_of(t)) << t.shape() << t.strides() << " as " << view->shape();
        EXPECT_EQ(view->storage(), t.storage());
      }
    }
  }
  EXPECT_GT(possible, 100);
  EXPECT_GT(impossible, 50);
}

TEST(Views, ReshapeOfATransposeNeedsACopy) {
  EXPECT_FALSE(views::reshape(views::transpose(counting({2, 3}), 0, 1), {6}).has_value());
  EXPECT_TRUE(views::reshape(views::transpose(counting({2, 3}), 0, 1), {3, 1, 2}).has_value());
  EXPECT_TRUE(views::reshape(counting({0, 3}), {5, 0}).has_value());
  EXPECT_TRUE(views::reshape(counting({1}), {}).has_value());
  EXPECT_EQ(message_of<ShapeError>([&] { views::reshape(counting({6}), {4}); }),
            "reshape: shape [6] of 6 elements cannot become [4]");
  EXPECT_EQ(message_of<ShapeError>([&] { views::reshape(counting({6}), {-2, -3}); }),
            "reshape: shape [6] of 6 elements cannot become [-2, -3]");
}

TEST(Views, OneExtentMayBeLeftOpen) {
  EXPECT_EQ(views::resolve_shape("f", {2, -1, 3}, 24), (Shape{2, 4, 3}));
  EXPECT_EQ(views::resolve_shape("f", {0, 3}, 0), (Shape{0, 3}));
  EXPECT_EQ(message_of<ShapeError>([] { views::resolve_shape("f", {-1, -1}, 4); }),
            "f: shape [-1, -1] has more than one -1");
  EXPECT_EQ(message_of<ShapeError>([] { views::resolve_shape("f", {-1, 5}, 4); }),
            "f: -1 in [-1, 5] cannot be resolved for 4 elements");
  EXPECT_EQ(message_of<ShapeError>([] { views::resolve_shape("f", {-1, 0}, 0); }),
            "f: -1 in [-1, 0] cannot be resolved for 0 elements");
  EXPECT_EQ(message_of<ShapeError>([] { views::resolve_shape("f", {3}, 4); }), "f: 4 elements cannot take shape [3]");
  EXPECT_EQ(message_of<ShapeError>([] { views::resolve_shape("f", {-2, 2}, 4); }),
            "f: shape [-2, 2] has a negative extent");
  EXPECT_EQ(message_of<ShapeError>([] { views::resolve_shape("f", {int64_t{1} << 32, int64_t{1} << 32, -1}, 0); }),
            "f: -1 in [4294967296, 4294967296, -1] cannot be resolved for 0 elements");
}

TEST(Views, ATensorThatRequiresAGradientIsNotCutInSilence) {
  const Tensor x = requires_grad(zeros({2, 3}));
  EXPECT_EQ(message_of<AutogradError>([&] { views::slice(x, 0, 0, 1); }),
            "views::slice: the tensor requires a gradient, which this view would cut\n"
            "  hint: use ops::slice, or detach() to cut on purpose");
}

}  // namespace
}  // namespace triad
