#include "triad/core/tensor/dlpack.h"

#include <cstddef>

#include <gtest/gtest.h>

#include "tests/harness/message_of.h"
#include "triad/autograd/autograd.h"
#include "triad/core/tensor/views.h"
#include "triad/ops/registry/comparison.h"

namespace triad {
namespace {

using dlpack::Managed;
using dlpack::ManagedPtr;
using harness::message_of;

// The layout other libraries were compiled with, on a 64-bit machine.
static_assert(sizeof(dlpack::ForeignTensor) == 48 && offsetof(dlpack::ForeignTensor, device) == 8 &&
              offsetof(dlpack::ForeignTensor, rank) == 16 && offsetof(dlpack::ForeignTensor, dtype) == 20 &&
              offsetof(dlpack::ForeignTensor, shape) == 24 && offsetof(dlpack::ForeignTensor, byte_offset) == 40);
static_assert(sizeof(Managed) == 80 && offsetof(Managed, context) == 8 && offsetof(Managed, deleter) == 16 &&
              offsetof(Managed, flags) == 24 && offsetof(Managed, tensor) == 32);
static_assert(sizeof(dlpack::LegacyManaged) == 64 && offsetof(dlpack::LegacyManaged, context) == 48);

/// A producer outside of triad that counts how often its memory was given back.
struct Producer {
  explicit Producer(std::vector<int64_t> shape_in) : shape(std::move(shape_in)), values(1024) {
    for (size_t i = 0; i < values.size(); ++i) values[i] = static_cast<float>(i);
    managed = {.major_version = 1,
               .minor_version = 1,
               .context = this,
               .deleter = [](Managed* m) { ++static_cast<Producer*>(m->context)->deleted; },
               .flags = 0,
               .tensor = {.data = values.data(),
                          .device = {dlpack::DeviceCode::cpu, 0},
                          .rank = static_cast<int32_t>(shape.size()),
                          .dtype = {dlpack::TypeCode::floating, 32, 1},
                          .shape = shape.data(),
                          .strides = nullptr,
                          .byte_offset = 0}};
  }
  Tensor import() { return dlpack::from_dlpack(ManagedPtr(&managed)); }

  std::vector<int64_t> shape;
  std::vector<float> values;
  Managed managed{};
  int deleted = 0;
};

TEST(DLPack, ExportsMemoryShapeAndStridesOfAView) {
  Tensor t = from_values({0.f, 1.f, 2.f, 3.f, 4.f, 5.f}, {2, 3});
  const ManagedPtr managed = dlpack::to_dlpack(views::slice(views::transpose(t, 0, 1), 0, 1, 3));
  const dlpack::ForeignTensor& seen = managed->tensor;
  EXPECT_EQ(seen.rank, 2);
  EXPECT_EQ(std::vector(seen.shape, seen.shape + 2), (std::vector<int64_t>{2, 2}));
  EXPECT_EQ(std::vector(seen.strides, seen.strides + 2), (std::vector<int64_t>{1, 3}));
  EXPECT_EQ(static_cast<float*>(seen.data) + seen.byte_offset / 4, t.data<float>() + 1);
  static_cast<float*>(seen.data)[3] = 40;
  EXPECT_EQ(t.to_vector<float>()[4], 40);
}

TEST(DLPack, AnExportKeepsTheMemoryAliveAfterTheTensorIsGone) {
  const size_t before = allocator(kCpu).stats().in_use;
  Tensor t = full({100}, 7);
  ManagedPtr managed = dlpack::to_dlpack(t);
  t = Tensor();
  EXPECT_EQ(static_cast<float*>(managed->tensor.data)[99], 7);
  managed.reset();
  EXPECT_EQ(allocator(kCpu).stats().in_use, before);
}

TEST(DLPack, EveryDTypeAndEmptyAndScalarTensorsSurviveTheRoundTrip) {
  for (const DType dtype : kAllDTypes) {
    for (const Shape& shape : {Shape{2, 3}, Shape{}, Shape{0, 3}, Shape{2, 0}}) {
      const Tensor t = full(shape, 1, dtype);
      const Tensor back = dlpack::from_dlpack(dlpack::to_dlpack(t));
      EXPECT_TRUE(ops::compare_bits(back, t).passed) << dtype << shape;
      const Tensor legacy = dlpack::from_dlpack(dlpack::to_dlpack_legacy(t));
      EXPECT_TRUE(ops::compare_bits(legacy, t).passed) << dtype << shape;
      EXPECT_TRUE(t.numel() == 0 || back.raw_data() == t.raw_data());
    }
  }
}

TEST(DLPack, ImportedMemoryIsGivenBackOnceWhenTheLastViewGoes) {
  Producer producer({2, 3});
  Tensor view;
  {
    const Tensor t = producer.import();
    EXPECT_EQ(t.raw_data(), producer.values.data());
    EXPECT_TRUE(t.is_contiguous());
    view = views::select(t, 0, 1);
  }
  EXPECT_EQ(producer.deleted, 0);
  EXPECT_EQ(view.to_vector<float>(), (std::vector<float>{3, 4, 5}));
  view = Tensor();
  EXPECT_EQ(producer.deleted, 1);
}

TEST(DLPack, StridesAndByteOffsetOfTheProducerAreFollowed) {
  Producer producer({3, 2});
  std::vector<int64_t> strides = {1, 10};
  producer.managed.tensor.strides = strides.data();
  producer.managed.tensor.byte_offset = 5 * sizeof(float);
  EXPECT_EQ(producer.import().to_vector<float>(), (std::vector<float>{5, 15, 6, 16, 7, 17}));
}

TEST(DLPack, ARefusedImportGivesTheMemoryBackAndSaysWhy) {
  const auto refused = [](auto&& change) {
    Producer producer({2, 3});
    change(producer);
    std::string message = message_of<Error>([&] { producer.import(); });
    EXPECT_EQ(producer.deleted, 1) << message;
    return message;
  };
  EXPECT_EQ(refused([](Producer& p) { p.managed.tensor.dtype.bits = 8; }),
            "from_dlpack: element type code 2 of 8 bits and 1 lanes has no equal here\n"
            "  hint: convert to one of f32, bf16, f16, f64, i64, i32, u8, bool");
  EXPECT_EQ(refused([](Producer& p) { p.managed.tensor.dtype.lanes = 4; }).substr(0, 64),
            "from_dlpack: element type code 2 of 32 bits and 4 lanes has no e");
  EXPECT_EQ(refused([](Producer& p) { p.managed.tensor.device.type = static_cast<dlpack::DeviceCode>(10); }),
            "from_dlpack: device type 10 is neither the CPU nor CUDA");
  EXPECT_EQ(refused([](Producer& p) { p.managed.major_version = 2; }), "from_dlpack: DLPack version 2.1, expected 1.x");
  EXPECT_EQ(refused([](Producer& p) { p.managed.flags = dlpack::kReadOnly; }),
            "from_dlpack: the memory is read-only\n  hint: copy it on the other side");
  EXPECT_EQ(refused([](Producer& p) { p.managed.tensor.data = nullptr; }), "from_dlpack: no data for shape [2, 3]");
  EXPECT_EQ(refused([](Producer& p) { p.managed.tensor.byte_offset = 2; }),
            "from_dlpack: the data is not aligned to its 4-byte elements");
  EXPECT_EQ(refused([](Producer& p) { p.managed.tensor.rank = 9; }),
            "from_dlpack: a tensor of 9 axes, expected at most 8");
  EXPECT_EQ(refused([](Producer& p) { p.shape[0] = -1; }), "from_dlpack: shape [-1, 3] is negative or too large");
  EXPECT_EQ(refused([](Producer& p) { p.shape[0] = INT64_MAX; }),
            "from_dlpack: shape [9223372036854775807, 3] is negative or too large");
  static int64_t backwards[] = {3, -1};
  EXPECT_EQ(refused([](Producer& p) { p.managed.tensor.strides = backwards; }),
            "from_dlpack: strides [3, -1] of shape [2, 3] are negative or too large");
}

TEST(DLPack, ATensorThatRequiresAGradientIsNotExported) {
  EXPECT_EQ(
      message_of<AutogradError>([] { dlpack::to_dlpack(requires_grad(zeros({2}))); }),
      "to_dlpack: the tensor requires a gradient, which other libraries would not see\n  hint: detach() it first");
  EXPECT_EQ(message_of<ValueError>([] { dlpack::to_dlpack(Tensor()); }), "to_dlpack: the tensor is undefined");
}

}  // namespace
}  // namespace triad
