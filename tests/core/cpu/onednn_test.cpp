#include "triad/core/cpu/onednn.h"

#include <gtest/gtest.h>

#include "tests/harness/message_of.h"
#include "triad/core/base/error.h"

namespace triad::cpu::onednn {
namespace {

/// A product of two n x n matrices.
std::unique_ptr<Primitive> make_product(int64_t n) {
  const auto square = strided({n, n}, DType::f32, {n, 1});
  const auto desc = matmul_desc(square, square, nullptr, square, user_scratchpad());
  const ArgumentForm arguments[] = {{DNNL_ARG_SRC, false, square, square},
                                    {DNNL_ARG_WEIGHTS, false, square, square},
                                    {DNNL_ARG_DST, true, square, square}};
  return std::make_unique<Primitive>(dnnl::matmul(desc), desc.scratchpad_desc(), arguments);
}

Key key_of(int64_t a, int64_t b = 0) { return Key(Use::test).add(a).add(b); }

TEST(PrimitiveCache, MakesOnceForAKey) {
  int made = 0;
  const auto make = [&] {
    ++made;
    return make_product(3);
  };
  Primitive* first = find_or_make(key_of(1), make);
  EXPECT_EQ(find_or_make(key_of(1), make), first);
  EXPECT_NE(find_or_make(key_of(2), make), first);
  EXPECT_EQ(made, 2);
}

TEST(PrimitiveCache, RemembersThatThereIsNone) {
  int asked = 0;
  const auto refuse = [&]() -> std::unique_ptr<Primitive> {
    ++asked;
    throw dnnl::error(dnnl_unimplemented, "none");
  };
  EXPECT_EQ(find_or_make(key_of(3), refuse), nullptr);
  EXPECT_EQ(find_or_make(key_of(3), refuse), nullptr);
  EXPECT_EQ(asked, 1);
}

TEST(PrimitiveCache, AnErrorIsNeitherHiddenNorRemembered) {
  int asked = 0;
  const auto fail_with = [&](dnnl_status_t status) {
    return [&asked, status]() -> std::unique_ptr<Primitive> {
      ++asked;
      throw dnnl::error(status, "broken");
    };
  };
  const auto message = [&](int64_t key, dnnl_status_t status) {
    return harness::message_of<DeviceError>([&] { find_or_make(key_of(5, key), fail_with(status)); });
  };
  EXPECT_EQ(message(1, dnnl_runtime_error), "oneDNN: making a primitive failed with status 5: broken");
  EXPECT_EQ(message(1, dnnl_invalid_arguments), "oneDNN: making a primitive failed with status 2: broken");
  EXPECT_THROW(find_or_make(key_of(5, 1), fail_with(dnnl_out_of_memory)), std::bad_alloc);
  EXPECT_EQ(asked, 3);
  EXPECT_NE(find_or_make(key_of(5, 1), [] { return make_product(3); }), nullptr);
}

TEST(PrimitiveCache, DropsTheLeastRecentlyUsed) {
  int made = 0;
  const auto make = [&]() -> std::unique_ptr<Primitive> {
    ++made;
    return nullptr;
  };
  find_or_make(key_of(4, -1), make);
  for (size_t i = 0; i < kCachedPrimitives - 1; ++i) find_or_make(key_of(4, static_cast<int64_t>(i)), make);
  find_or_make(key_of(4, -1), make);                                       // used again: now the youngest
  find_or_make(key_of(4, static_cast<int64_t>(kCachedPrimitives)), make);  // pushes out key (4, 0)
  const int before = made;
  find_or_make(key_of(4, -1), make);
  EXPECT_EQ(made, before);
  find_or_make(key_of(4, 0), make);
  EXPECT_EQ(made, before + 1);
}

TEST(Primitive, ReordersWhatLiesElsewhere) {
  // A is given column by column, C wanted column by column, the primitive works row by row.
  const auto rows = strided({2, 2}, DType::f32, {2, 1}), columns = strided({2, 2}, DType::f32, {1, 2});
  const auto desc = matmul_desc(rows, rows, nullptr, rows, user_scratchpad());
  const ArgumentForm arguments[] = {
      {DNNL_ARG_SRC, false, columns, rows}, {DNNL_ARG_WEIGHTS, false, rows, rows}, {DNNL_ARG_DST, true, columns, rows}};
  Primitive primitive(dnnl::matmul(desc), desc.scratchpad_desc(), arguments);
  const float a[] = {1, 3, 2, 4}, b[] = {5, 6, 7, 8};
  float c[4] = {};
  primitive.run({{DNNL_ARG_SRC, a}, {DNNL_ARG_WEIGHTS, b}, {DNNL_ARG_DST, c}});
  EXPECT_EQ((std::vector<float>(c, c + 4)), (std::vector<float>{19, 43, 22, 50}));
}

TEST(DataType, RefusesWhatOneDnnHasNot) {
  EXPECT_EQ(harness::message_of<DTypeError>([] { data_type(DType::f64); }), "oneDNN: no primitives for f64");
}

}  // namespace
}  // namespace triad::cpu::onednn
