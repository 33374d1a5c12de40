// fuzz_seeds DIR: writes well-formed files for each target to begin with, DIR/TARGET/….
#include <iostream>

#include "tests/fuzz/fuzz.h"
#include "tests/fuzz/shard_columns.h"
#include "triad/data/shards/dataset_writer.h"

namespace {

using namespace triad;
namespace fs = std::filesystem;

void write(const fs::path& path, const std::string& bytes) {
  fs::create_directories(path.parent_path());
  std::ofstream(path, std::ios::binary) << bytes;
}

void write_data_set(const fs::path& folder) {
  data::DatasetWriter writer(folder / "set", "seed", {.generator = "fuzz_seeds", .options = {{"a", 1.5}, {"b", true}}});
  writer.set_attribute("names", std::vector<std::string>{"x", "y"});
  writer.add_file("vocab.txt", "a\n");
  data::ShardWriter& split = writer.split("a", fuzz::shard_columns());
  for (int64_t i = 0; i < fuzz::kShardRows; ++i) {
    split.add({std::vector<uint8_t>(12, static_cast<uint8_t>(i)), std::string(static_cast<size_t>(i), 'x'),
               std::vector<int16_t>(static_cast<size_t>(2 * i), 7), i});
  }
  writer.finish();
  fs::create_directories(folder / "shard");
  fs::create_directories(folder / "manifest");
  fs::rename(folder / "set" / "a-00000.h5", folder / "shard" / "seed");
  fs::rename(folder / "set" / "dataset.json", folder / "manifest" / "seed");
  fs::remove_all(folder / "set");
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 2) {
    std::cerr << "usage: fuzz_seeds DIR\n";
    return 2;
  }
  const fs::path folder = argv[1];
  write_data_set(folder);
  write(folder / "idx" / "seed", std::string("\0\0\x08\x02\0\0\0\x02\0\0\0\x03"
                                             "abcdef",
                                             18));
  write(folder / "wav" / "seed",
        "RIFF" + std::string("\x28\0\0\0WAVEfmt \x10\0\0\0\1\0\1\0\x40\x1f\0\0\x80\x3e\0\0\2\0\x10\0"
                             "data\4\0\0\0abcd",
                             44));
  return 0;
}
