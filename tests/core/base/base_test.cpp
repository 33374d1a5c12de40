#include <cmath>
#include <limits>
#include <numeric>
#include <vector>

#include <gtest/gtest.h>

#include "tests/harness/message_of.h"
#include "triad/core/base/dtype.h"
#include "triad/core/base/join.h"
#include "triad/core/base/philox.h"
#include "triad/core/base/shape.h"

namespace triad {
namespace {

using harness::message_of;

TEST(Join, PutsATextBetween) {
  EXPECT_EQ(join(std::vector<std::string>{}), "");
  EXPECT_EQ(join(std::vector<std::string>{"a", "", "b"}), "a, , b");
  const std::vector<std::pair<std::string, int>> named = {{"one", 1}, {"two", 2}};
  EXPECT_EQ(join(named, &std::pair<std::string, int>::first, "+"), "one+two");
}

TEST(Shape, BroadcastFollowsTheLastAxis) {
  EXPECT_EQ(broadcast_shapes("add", {2, 1, 4}, {3, 1}), (Shape{2, 3, 4}));
  EXPECT_EQ(broadcast_shapes("add", {}, {3, 1}), (Shape{3, 1}));
  EXPECT_EQ(broadcast_shapes("add", {0, 1}, {1, 5}), (Shape{0, 5}));
  EXPECT_EQ(message_of<ShapeError>([] { broadcast_shapes("add", {2, 3}, {4, 3}); }),
            "add: shapes [2, 3] and [4, 3] do not broadcast: axis -2 is 2 against 4\n"
            "  hint: extents must be equal or 1, counted from the last axis");
}

TEST(Shape, AxesAreNormalisedSortedAndUnique) {
  EXPECT_EQ(normalize_axes("sum", {-1, 0}, 3), (Axes{0, 2}));
  EXPECT_EQ(normalize_axes("sum", {}, 2), (Axes{0, 1}));
  EXPECT_EQ(message_of<ShapeError>([] { normalize_axes("sum", {1, -2}, 3); }),
            "sum: axis 1 is listed twice in [1, -2]");
  EXPECT_EQ(message_of<ShapeError>([] { normalize_axis("sum", 3, 3); }),
            "sum: axis 3 does not exist in a tensor of 3 axes");
}

TEST(Shape, MoreAxesThanTheLimitIsAnError) {
  Shape s = Shape::filled(kMaxRank, 1);
  EXPECT_THROW(s.push_back(1), ShapeError);
}

TEST(Half, EveryBFloat16AndFloat16SurvivesARoundTrip) {
  for (uint32_t bits = 0; bits < 65536; ++bits) {
    BFloat16 b;
    b.bits = static_cast<uint16_t>(bits);
    Float16 h;
    h.bits = static_cast<uint16_t>(bits);
    const float bf = b, hf = h;
    if (std::isnan(bf)) EXPECT_TRUE(std::isnan(static_cast<float>(BFloat16(bf))));
    else EXPECT_EQ(BFloat16(bf).bits, bits);
    if (std::isnan(hf)) EXPECT_TRUE(std::isnan(static_cast<float>(Float16(hf))));
    else EXPECT_EQ(Float16(hf).bits, bits);
  }
}

TEST(Half, RoundsToTheNearestNeighbourTiesToEven) {
  for (uint32_t bits = 0; bits + 1 < 0x7c00; ++bits) {  // the midpoint of two neighbours goes to the even one
    Float16 low, high;
    low.bits = static_cast<uint16_t>(bits);
    high.bits = static_cast<uint16_t>(bits + 1);
    const float top = bits + 1 == 0x7c00 ? 65536.0f : static_cast<float>(high);
    const float middle = (static_cast<float>(low) + top) / 2;
    EXPECT_EQ(Float16(middle).bits, bits % 2 == 0 ? bits : bits + 1);
    EXPECT_EQ(Float16(std::nextafter(middle, 0.0f)).bits, bits);
    EXPECT_EQ(Float16(std::nextafter(middle, 1e9f)).bits, bits + 1);
  }
  EXPECT_TRUE(std::isinf(static_cast<float>(Float16(65520.0f))));
  EXPECT_EQ(static_cast<float>(Float16(std::nextafter(65520.0f, 0.0f))), 65504.0f);
}

// Known answers from the authors' reference distribution (Random123, kat_vectors).
TEST(Philox, MatchesThePublishedKnownAnswers) {
  EXPECT_EQ(philox4x32({0, 0, 0, 0}, 0), (PhiloxBlock{0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8}));
  EXPECT_EQ(philox4x32({~0u, ~0u, ~0u, ~0u}, ~uint64_t{0}),
            (PhiloxBlock{0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd}));
  EXPECT_EQ(philox4x32({0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344}, 0x299f31d0a4093822),
            (PhiloxBlock{0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1}));
}

TEST(Philox, SampleOffsetAndSampleAreTheSameThing) {
  const RandomKey key{.seed = 7, .step = 3, .site = random_site("text/layer0"), .sample = 10};
  EXPECT_EQ(key.block(5, 2), key.for_sample(12).block(5));
  EXPECT_NE(key.at(1).site, key.at(2).site);
  EXPECT_NE(key.at(1).at(2).site, key.at(2).at(1).site);
}

TEST(RandomStream, DrawsAreUniformAndNormal) {
  RandomStream stream(RandomKey{.seed = 1});
  constexpr int n = 200000;
  double sum = 0, square = 0, normal_sum = 0, normal_square = 0;
  std::vector<int> counts(7);
  for (int i = 0; i < n; ++i) {
    const double u = stream.uniform(), z = stream.normal();
    ASSERT_GE(u, 0.0);
    ASSERT_LT(u, 1.0);
    sum += u, square += u * u, normal_sum += z, normal_square += z * z;
    ++counts[stream.below(7)];
  }
  EXPECT_NEAR(sum / n, 0.5, 5 * std::sqrt(1.0 / 12 / n));
  EXPECT_NEAR(square / n, 1.0 / 3, 0.005);
  EXPECT_NEAR(normal_sum / n, 0, 5 / std::sqrt(n));
  EXPECT_NEAR(normal_square / n, 1, 0.02);
  for (const int c : counts) EXPECT_NEAR(c, n / 7.0, 6 * std::sqrt(n / 7.0));
}

// What seeds have meant since the first release: (first word << 32 | second word) mod n.
TEST(RandomStream, IntegersAndShufflesAreTheSameWithEveryCompiler) {
  const RandomKey key{.seed = 42, .step = 1, .site = 2, .sample = 3};
  EXPECT_EQ(key.block(0), (PhiloxBlock{0x9897b195, 0xfb2e80a2, 0xc9dd2c67, 0x7bfbdedf}));
  RandomStream stream(key);
  EXPECT_EQ(stream.below(~uint64_t{0}), 0x9897b195fb2e80a2);
  EXPECT_EQ(stream.below(~uint64_t{0}), 0xc9dd2c677bfbdedf);
  stream = RandomStream(key);
  for (const uint64_t expected : {586, 903, 205, 283, 448, 815}) EXPECT_EQ(stream.below(1000), expected);
  stream = RandomStream(key);  // nearly every second draw is rejected
  for (const uint64_t expected : {3623933310631141815u, 3827999336754023802u, 1225247154143503525u})
    EXPECT_EQ(stream.below((uint64_t{1} << 63) + 5), expected);
  std::vector<int> v = {0, 1, 2, 3, 4, 5, 6, 7};
  RandomStream(RandomKey{.seed = 42}).shuffle(v);
  EXPECT_EQ(v, (std::vector<int>{2, 1, 6, 5, 0, 7, 4, 3}));
}

TEST(RandomStream, ShuffleIsAPermutation) {
  std::vector<int> v(100), sorted(100);
  std::iota(v.begin(), v.end(), 0);
  sorted = v;
  RandomStream(RandomKey{.seed = 2}).shuffle(v);
  EXPECT_NE(v, sorted);
  std::sort(v.begin(), v.end());
  EXPECT_EQ(v, sorted);
}

TEST(DType, NamesRoundTrip) {
  for (const DType d : kAllDTypes) EXPECT_EQ(dtype_from_name(name_of(d)), d);
  EXPECT_THROW(dtype_from_name("float"), DTypeError);
}

}  // namespace
}  // namespace triad
