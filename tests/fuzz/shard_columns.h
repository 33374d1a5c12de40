// The columns of the shards that fuzz_seeds writes and fuzz_shard reads.
#pragma once

#include <vector>

#include "triad/data/shards/manifest.h"

namespace triad::fuzz {

inline constexpr int64_t kShardRows = 5;

inline std::vector<data::ColumnSpec> shard_columns() {
  using data::ElementType;
  return {{"image", ElementType::u8, false, {3, 2, 2}},
          {"text", ElementType::u8, true, {}},
          {"audio", ElementType::i16, true, {}},
          {"label", ElementType::i64, false, {}}};
}

}  // namespace triad::fuzz
