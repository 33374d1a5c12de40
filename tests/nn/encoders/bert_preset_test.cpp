#include <gtest/gtest.h>

#include "tests/harness/message_of.h"
#include "triad/core/base/error.h"
#include "triad/nn/encoders/text_encoder.h"

namespace triad::nn {
namespace {

TEST(BertPreset, HasThePublishedSizes) {
  const std::tuple<const char*, int64_t, int64_t, int64_t, int64_t> published[] = {
      {"tiny", 2, 128, 2, 512}, {"mini", 4, 256, 4, 1024}, {"small", 4, 512, 8, 2048}, {"base", 12, 768, 12, 3072}};
  for (const auto& [name, layers, width, heads, hidden] : published) {
    const TextEncoderOptions o = bert_preset(name);
    EXPECT_EQ(std::tuple(o.layers, o.width, o.heads, o.hidden), std::tuple(layers, width, heads, hidden)) << name;
    EXPECT_EQ(std::tuple(o.vocabulary, o.max_positions, o.segments), std::tuple(30522, 512, 2)) << name;
    EXPECT_EQ(std::tuple(o.norm_eps, o.dropout, o.attention_dropout), std::tuple(1e-12, 0.1, 0.1)) << name;
  }
}

TEST(BertPreset, TinyHasAsManyWeightsAsPublished) {
  TextEncoder tiny(bert_preset("tiny"), {});
  EXPECT_EQ(count_parameters(tiny), 4369408);  // 4385920 with the pooler, which this encoder has not
}

TEST(BertPreset, AnotherNameIsRefused) {
  EXPECT_EQ(harness::message_of<ValueError>([] { bert_preset("large"); }),
            "bert_preset: no preset 'large', expected tiny, mini, small or base");
}

}  // namespace
}  // namespace triad::nn
