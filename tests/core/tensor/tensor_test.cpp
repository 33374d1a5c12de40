#include "triad/core/tensor/tensor.h"

#include <cmath>
#include <functional>
#include <limits>
#include <utility>

#include <gtest/gtest.h>

#include "tests/harness/message_of.h"
#include "triad/autograd/autograd.h"
#include "triad/core/tensor/views.h"

namespace triad {
namespace {

using harness::message_of;

TEST(Tensor, HandlesShareShapeDataAndIdentity) {
  Tensor a = from_values({1.f, 2.f, 3.f, 4.f}, {2, 2});
  Tensor b = a;
  b.mutable_data<float>()[3] = 40;
  EXPECT_EQ(a.to_vector<float>(), (std::vector<float>{1, 2, 3, 40}));
  EXPECT_TRUE(a.is_same(b));
  EXPECT_FALSE(a.is_same(a.detach()));
  EXPECT_FALSE(a.is_unique());
  b = Tensor();
  EXPECT_TRUE(a.is_unique());
}

TEST(Tensor, AViewOfTheStorageMakesItNotUnique) {
  const Tensor a = zeros({3});
  const Tensor view = views::slice(a, 0, 1, 2);
  EXPECT_FALSE(a.is_unique());
  EXPECT_FALSE(view.is_unique());
}

TEST(Tensor, ContiguityFollowsTheStrides) {
  const Tensor a = zeros({2, 3});
  EXPECT_TRUE(a.is_contiguous());
  EXPECT_FALSE(views::transpose(a, 0, 1).is_contiguous());
  EXPECT_TRUE(views::slice(a, 0, 1, 2).is_contiguous());
  EXPECT_FALSE(views::slice(a, 1, 0, 2).is_contiguous());
  EXPECT_TRUE(Tensor(a.storage(), DType::f32, {1, 3}, {77, 1}, 0).is_contiguous());
  EXPECT_TRUE(Tensor(a.storage(), DType::f32, {0, 3}, {5, 7}, 0).is_contiguous());
}

TEST(Tensor, AViewMustStayInsideItsStorage) {
  const Tensor a = zeros({2, 3});
  EXPECT_EQ(message_of<ShapeError>([&] { Tensor(a.storage(), DType::f32, {2, 3}, {3, 1}, 1); }),
            "tensor: a view of shape [2, 3], strides [3, 1] at offset 1 leaves its storage of 6 elements");
  EXPECT_EQ(message_of<ShapeError>([&] { Tensor(a.storage(), DType::f64, {4}, {1}, 0); }),
            "tensor: a view of shape [4], strides [1] at offset 0 leaves its storage of 3 elements");
  EXPECT_EQ(message_of<ShapeError>([&] { Tensor(a.storage(), DType::f32, {2}, {-1}, 1); }),
            "tensor: negative stride in [-1]");
  EXPECT_EQ(message_of<ShapeError>([&] { Tensor(a.storage(), DType::f32, {2}, {1, 1}, 0); }),
            "tensor: shape [2] and strides [1, 1] differ in length");
  EXPECT_EQ(message_of<ShapeError>([&] { Tensor(a.storage(), DType::f32, {2}, {1}, -1); }),
            "tensor: negative offset -1");
}

TEST(Tensor, GeometryThatOverflowsLeavesItsStorageToo) {
  constexpr int64_t kHuge = std::numeric_limits<int64_t>::max();
  const Tensor a = zeros({2, 3});
  EXPECT_EQ(message_of<ShapeError>([&] { Tensor(a.storage(), DType::f32, {-2}, {1}, 0); }),
            "tensor: shape [-2] has a negative extent");
  EXPECT_EQ(
      message_of<ShapeError>([&] { Tensor(a.storage(), DType::f32, {int64_t{1} << 32, int64_t{1} << 32}, {0, 0}, 0); }),
      "tensor: shape [4294967296, 4294967296] has more elements than 64 bits can count");
  EXPECT_EQ(message_of<ShapeError>([&] { Tensor(a.storage(), DType::f32, {3}, {kHuge}, 0); }),
            "tensor: a view of shape [3], strides [9223372036854775807] at offset 0 leaves its storage of 6 elements");
  EXPECT_EQ(message_of<ShapeError>([&] { Tensor(a.storage(), DType::f32, {2}, {1}, kHuge); }),
            "tensor: a view of shape [2], strides [1] at offset 9223372036854775807 leaves its storage of 6 elements");
  const Tensor none(a.storage(), DType::f32, {0, 3}, {kHuge, kHuge}, kHuge);
  EXPECT_EQ(none.strides(), (Strides{3, 1})) << "what no element needs cannot overflow later";
  EXPECT_EQ(none.offset(), 0);
}

TEST(Tensor, ImpossibleShapesAreErrorsAndNotAllocations) {
  EXPECT_EQ(message_of<ShapeError>([] { zeros({2, -1}); }), "tensor: shape [2, -1] has a negative extent");
  EXPECT_EQ(message_of<ShapeError>([] { empty({int64_t{1} << 40, int64_t{1} << 40}); }),
            "tensor: shape [1099511627776, 1099511627776] has more bytes than 64 bits can count");
  EXPECT_EQ(message_of<ShapeError>([] { empty({0, int64_t{1} << 40, int64_t{1} << 40}); }),
            "tensor: shape [0, 1099511627776, 1099511627776] has more bytes than 64 bits can count");
}

TEST(Tensor, EmptyAndScalarTensorsHaveValuesToo) {
  EXPECT_EQ(zeros({0, 3}).numel(), 0);
  EXPECT_TRUE(zeros({0, 3}).to_vector<float>().empty());
  EXPECT_EQ(full({}, 2.5).item(), 2.5);
  EXPECT_EQ(full({1, 1}, 2.5).item(), 2.5);
  EXPECT_EQ(message_of<ShapeError>([] { zeros({2}).item(); }), "item: expected a tensor of one element, got shape [2]");
  EXPECT_EQ(message_of<ShapeError>([] { Tensor().item(); }),
            "item: expected a tensor of one element, got an undefined tensor");
}

TEST(Tensor, DataIsTyped) {
  Tensor a = zeros({2}, DType::i64);
  EXPECT_EQ(message_of<DTypeError>([&] { a.data<float>(); }), "Tensor::data: asked for f32, the tensor holds i64");
  EXPECT_EQ(message_of<DTypeError>([&] { a.mutable_data<int32_t>(); }),
            "Tensor::data: asked for i32, the tensor holds i64");
}

TEST(Tensor, TheVersionCountsWritesThroughAnyView) {
  Tensor a = empty({2, 3});
  const uint64_t before = a.version();
  Tensor row = views::select(a, 0, 1);
  row.mutable_data<float>()[0] = 1;
  EXPECT_EQ(a.version(), before + 1);
  (void)a.data<float>();
  (void)a.to_vector<float>();
  EXPECT_EQ(row.version(), before + 1) << "reading is no write";
  copy_into(a, zeros({2, 3}));
  EXPECT_GT(row.version(), before + 1);
}

TEST(Tensor, FromValuesWantsTheRightCount) {
  EXPECT_EQ(message_of<ShapeError>([] { from_values({1.f, 2.f}, {3}); }),
            "from_values: 2 values do not fill shape [3]");
}

TEST(Copy, ConvertsEveryDTypeToEveryOther) {
  for (const DType from : kAllDTypes) {
    const Tensor a = clone_as(from_values({0.0, 1.0, 3.0, 100.0}, {4}), from);
    for (const DType to : kAllDTypes) {
      const bool truth = from == DType::boolean || to == DType::boolean;
      EXPECT_EQ(clone_as(a, to).to_vector<double>(),
                (truth ? std::vector<double>{0, 1, 1, 1} : std::vector<double>{0, 1, 3, 100}))
          << from << " to " << to;
    }
  }
}

TEST(Copy, RoundsToSixteenBitsToNearestEven) {
  // bf16 keeps 8 significant bits: 1 + 2^-8 lies in the middle of 1 and 1 + 2^-7. f16 keeps 11.
  const Tensor wide =
      from_values({1 + 0x1p-8, 1 + 3 * 0x1p-8, 1 + 0x1p-8 + 0x1p-20, 0x1p-11 + 1, 1 + 3 * 0x1p-11}, {5});
  EXPECT_EQ(clone_as(wide, DType::bf16).to_vector<double>(), (std::vector<double>{1, 1 + 0x1p-6, 1 + 0x1p-7, 1, 1}));
  EXPECT_EQ(clone_as(wide, DType::f16).to_vector<double>()[3], 1);
  EXPECT_EQ(clone_as(wide, DType::f16).to_vector<double>()[4], 1 + 0x1p-9);
  const Tensor large = from_values({65504.0, 65520.0, 1e39, -1e39}, {4});
  EXPECT_EQ(clone_as(large, DType::f16).to_vector<double>(),
            (std::vector<double>{65504, HUGE_VAL, HUGE_VAL, -HUGE_VAL}));
  EXPECT_EQ(clone_as(from_values({0x1p-24, 0x1p-26}, {2}), DType::f16).to_vector<double>(),
            (std::vector<double>{0x1p-24, 0}));
}

TEST(Copy, FloatsToIntegersTruncateAndNaNIsTrue) {
  EXPECT_EQ(clone_as(from_values({1.9f, -1.9f}, {2}), DType::i64).to_vector<int64_t>(), (std::vector<int64_t>{1, -1}));
  EXPECT_EQ(clone_as(from_values({std::nanf(""), 0.5f, 0.f}, {3}), DType::boolean).to_vector<int64_t>(),
            (std::vector<int64_t>{1, 1, 0}));
}

TEST(Copy, FollowsTheStridesOfBothSides) {
  const Tensor a = from_values({0.f, 1.f, 2.f, 3.f, 4.f, 5.f}, {2, 3});
  Tensor out = full({4, 3}, -1);
  Tensor target = views::transpose(views::slice(out, 0, 0, 4, 2), 0, 1);  // [3, 2], columns are rows 0 and 2 of out
  copy_into(target, views::transpose(a, 0, 1));
  EXPECT_EQ(out.to_vector<float>(), (std::vector<float>{0, 1, 2, -1, -1, -1, 3, 4, 5, -1, -1, -1}));
  EXPECT_EQ(message_of<ShapeError>([&] { copy_into(out, a); }),
            "copy_into: cannot copy shape [2, 3] into shape [4, 3]");
}

TEST(Copy, ContiguousReturnsTheSameDataWhereItCan) {
  const Tensor a = zeros({2, 3});
  EXPECT_EQ(contiguous(a).raw_data(), a.raw_data());
  const Tensor turned = contiguous(views::transpose(a, 0, 1));
  EXPECT_NE(turned.raw_data(), a.raw_data());
  EXPECT_TRUE(turned.is_contiguous());
  EXPECT_NE(clone(a).raw_data(), a.raw_data());
}

TEST(Copy, ATensorThatRequiresAGradientIsNotCutInSilence) {
  const Tensor x = requires_grad(zeros({2, 3}));
  Tensor out = zeros({2, 3});
  const std::pair<const char*, std::function<void()>> copies[] = {{"copy_into", [&] { copy_into(out, x); }},
                                                                  {"clone", [&] { clone(x); }},
                                                                  {"clone_as", [&] { clone_as(x, DType::f64); }},
                                                                  {"contiguous", [&] { contiguous(x); }}};
  for (const auto& [name, copy] : copies) {
    EXPECT_EQ(message_of<AutogradError>(copy),
              str(name, ": the tensor requires a gradient, which this copy would cut\n",
                  "  hint: use an op, such as ops::contiguous or ops::cast, or detach() to cut on purpose"));
  }
  EXPECT_EQ(x.to_vector<float>(), std::vector<float>(6)) << "looking at values is no cut";
}

TEST(Tensor, AnAxisThatDoesNotExistIsAnError) {
  const Tensor t = zeros({2, 3});
  EXPECT_EQ(t.size(-2), 2);
  EXPECT_EQ(message_of<ShapeError>([&] { t.size(2); }), "Tensor::size: axis 2 does not exist in a tensor of 2 axes");
  EXPECT_EQ(message_of<ShapeError>([&] { t.size(-3); }), "Tensor::size: axis -3 does not exist in a tensor of 2 axes");
}

TEST(Tensor, AnUndefinedOneHasNothingToAskFor) {
  const std::string said =
      "Tensor: this one is undefined\n  hint: an argument was left out, or the gradient of a leaf asked for before a "
      "backward pass";
  const Tensor t;
  EXPECT_EQ(message_of<ValueError>([&] { static_cast<void>(t.shape()); }), said);
  EXPECT_EQ(message_of<ValueError>([&] { static_cast<void>(t.dtype()); }), said);
  EXPECT_EQ(message_of<ValueError>([&] { t.detach(); }), said);
  EXPECT_EQ(message_of<ValueError>([&] { t.to_vector<float>(); }), said);
  EXPECT_TRUE(message_of<ValueError>([&] { check_floating("f", "x", t); }).starts_with("f: x is undefined\n"));
}

TEST(Copy, RefusesToWriteElementsThatLieOnTopOfEachOther) {
  Tensor row = zeros({3});
  Tensor stretched = views::expand(row, {2, 3});
  EXPECT_EQ(message_of<ShapeError>([&] { copy_into(stretched, zeros({2, 3})); }),
            "copy_into: elements of shape [2, 3] lie on top of each other\n"
            "  hint: copy into the tensor that was expanded");
  EXPECT_FALSE(is_stretched(views::expand(row, {1, 3})));
}

TEST(Checks, NameOperationArgumentGotAndWanted) {
  const Tensor a = zeros({2, 3});
  EXPECT_EQ(message_of<ShapeError>([&] { check_shape("f", "x", a, {2, 4}); }),
            "f: x has shape [2, 3], expected [2, 4]");
  EXPECT_EQ(message_of<ShapeError>([&] { check_rank("f", "x", a, 3); }), "f: x has shape [2, 3], expected 3 axes");
  EXPECT_EQ(message_of<DTypeError>([&] { check_floating("f", "x", zeros({1}, DType::u8)); }),
            "f: x is u8, expected a floating dtype");
  EXPECT_EQ(message_of<DTypeError>([&] { check_same_dtype("f", "y", zeros({1}, DType::f64), a); }),
            "f: y is f64, expected f32\n  hint: convert with ops::cast");
}

}  // namespace
}  // namespace triad
