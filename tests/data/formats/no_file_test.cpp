// Something that is no file given where one is wanted: every reader says so, and none waits for a pipe.
#include <functional>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include "tests/harness/damage.h"
#include "tests/harness/data_path.h"
#include "tests/harness/message_of.h"
#include "triad/data/build/digit_sources.h"
#include "triad/data/build/pair_list.h"
#include "triad/data/build/text_sources.h"
#include "triad/data/formats/durable_file.h"
#include "triad/data/formats/hdf5.h"
#include "triad/data/formats/idx.h"
#include "triad/data/formats/image_file.h"
#include "triad/data/formats/safetensors.h"
#include "triad/data/formats/sound.h"
#include "triad/data/shards/dataset_writer.h"
#include "triad/data/shards/inspect.h"
#include "triad/data/shards/sharded_dataset.h"
#include "triad/data/text/sentencepiece.h"
#include "triad/data/text/wordpiece.h"

namespace triad::data {
namespace {

namespace fs = std::filesystem;
using Reader = std::function<void(const fs::path&)>;

struct NamedReader {
  const char* name;
  Reader read;
};

const std::vector<NamedReader> kReaders = {{"idx", [](const fs::path& p) { read_idx(p); }},
                                           {"sound", [](const fs::path& p) { read_waveform(p); }},
                                           {"picture", [](const fs::path& p) { read_image(p); }},
                                           {"safetensors", [](const fs::path& p) { read_safetensors(p); }},
                                           {"hdf5", [](const fs::path& p) { hdf5::File::open(p); }},
                                           {"vocabulary", [](const fs::path& p) { WordPiece::load(p); }},
                                           {"sentencepiece", [](const fs::path& p) { SentencePiece::load(p); }},
                                           {"pairs", [](const fs::path& p) { read_pairs(p); }},
                                           {"data set", [](const fs::path& p) { ShardedDataset{p}; }},
                                           {"digits", [](const fs::path& p) { read_digit_images(p); }},
                                           {"spoken digits", [](const fs::path& p) { read_digit_clips(p, 8000); }},
                                           {"texts", [](const fs::path& p) { read_text_sources(p, 0, 1); }}};

TEST(NoFile, EveryReaderNamesIt) {
  const harness::TempFolder folder;
  fs::create_directory(folder / "folder");
  harness::write_file(folder / "empty", "");
  ASSERT_EQ(mkfifo((folder / "pipe").c_str(), 0600), 0);
  fs::create_symlink(folder / "nowhere", folder / "dangling");
  fs::create_symlink(folder / "loop", folder / "loop");
  for (const auto& [name, read] : kReaders) {
    for (const char* file : {"folder", "empty", "pipe", "missing", "dangling", "loop"}) {
      const fs::path path = folder / file;
      EXPECT_THAT(harness::message_of<IoError>([&, &read = read] { read(path); }), testing::HasSubstr(path.string()))
          << name << ", " << file;
    }
  }
}

TEST(NoFile, AnUnreadablePartOfADataSetIsNamed) {
  const harness::TempFolder folder;
  DatasetWriter writer(folder / "set", "x", {.generator = "test"});
  writer.split("a", {{"x", ElementType::i64, false, {}}}).add({int64_t{1}});
  writer.add_file("vocab.txt", "x");
  writer.finish();
  for (const std::string file : {"a-00000.h5", "vocab.txt"}) {
    fs::rename(folder / ("set/" + file), folder / file);
    ASSERT_EQ(mkfifo((folder / ("set/" + file)).c_str(), 0600), 0);
  }
  const ShardedDataset set(folder / "set");
  EXPECT_THAT(harness::message_of<IoError>([&] { set.split("a").read(0); }), testing::HasSubstr("a-00000.h5"));
  EXPECT_THAT(harness::message_of<IoError>([&] { set.file("vocab.txt"); }), testing::HasSubstr("vocab.txt"));
  EXPECT_EQ(inspect(folder / "set").damage.size(), 2u);
}

}  // namespace
}  // namespace triad::data
