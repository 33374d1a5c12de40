#include "tests/fuzz/fuzz.h"
#include "tests/fuzz/shard_columns.h"
#include "triad/data/shards/shard_reader.h"

/// A shard whose dataset.json vouches for it: what is left when checksums say nothing.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  return triad::fuzz::try_parse(data, size, [](std::string_view bytes) {
    using namespace triad::data;
    const FileEntry shard{.name = "input.h5",
                          .digest = {static_cast<int64_t>(bytes.size()), crc32_of(bytes)},
                          .samples = triad::fuzz::kShardRows};
    const SplitEntry split{
        .name = "a", .samples = shard.samples, .columns = triad::fuzz::shard_columns(), .shards = {shard}};
    for (const ShardColumn& column : open_shard(triad::fuzz::file_with(bytes, shard.name), split, shard, true)) {
      std::vector<std::byte> values(static_cast<size_t>(column.values.rows()) * column.spec.entry_bytes());
      column.values.read_rows(0, column.values.rows(), values);
    }
  });
}
