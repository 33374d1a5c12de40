#include <algorithm>
#include <fstream>
#include <span>
#include <thread>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/harness/damage.h"
#include "tests/harness/data_path.h"
#include "tests/harness/message_of.h"
#include "triad/core/base/philox.h"
#include "triad/data/formats/hdf5.h"
#include "triad/data/shards/dataset_writer.h"
#include "triad/data/shards/inspect.h"
#include "triad/data/shards/sharded_dataset.h"

namespace triad::data {
namespace {

using harness::message_of;
using harness::TempFolder;
using harness::write_file;
using testing::AllOf;
using testing::AnyOf;
using testing::ElementsAre;
using testing::HasSubstr;

constexpr int64_t kSamples = 500;

const std::vector<ColumnSpec> kColumns = {{"image", ElementType::u8, false, {3, 4, 5}},
                                          {"text", ElementType::u8, true, {}},
                                          {"audio", ElementType::i16, true, {}},
                                          {"frames", ElementType::f32, true, {8}},
                                          {"label", ElementType::i64, false, {}}};

/// The values of a sample, from its index alone.
struct Row {
  std::vector<uint8_t> image;
  std::string text;
  std::vector<int16_t> audio;
  std::vector<float> frames;
  int64_t label;
};

Row row_of(int64_t index) {
  RandomStream random(RandomKey{.seed = 5, .sample = static_cast<uint32_t>(index)});
  Row row{std::vector<uint8_t>(60),
          {},
          std::vector<int16_t>(random.below(400)),
          std::vector<float>(random.below(3) * 8),
          index * 7};
  for (auto& v : row.image) v = static_cast<uint8_t>(random.below(256));
  for (auto& v : row.audio) v = static_cast<int16_t>(random.below(65536));
  for (auto& v : row.frames) v = static_cast<float>(random.normal());
  row.text = "sample " + std::to_string(index) + std::string(random.below(40), 'x');
  if (index % 50 == 0) row.text.clear();
  return row;
}

Manifest build(const std::filesystem::path& folder, WriteOptions options = {.shard_bytes = 50000}) {
  DatasetWriter writer(folder, "rows", {.generator = "test", .seed = 5, .options = {{"rows", kSamples}}}, options);
  writer.set_attribute("classes", std::vector<std::string>{"zero", "one"});
  writer.set_attribute("sample_rate", int64_t{8000});
  writer.set_attribute("note", std::string("größer"));
  writer.add_file("vocab.txt", "[PAD]\n[UNK]\n");
  ShardWriter& train = writer.split("train", kColumns);
  ShardWriter& test =
      writer.split("test", {{"flag", ElementType::boolean, false, {}}, {"half", ElementType::bf16, false, {2}}});
  for (int64_t i = 0; i < kSamples; ++i) {
    const Row row = row_of(i);
    train.add({row.image, row.text, row.audio, row.frames, row.label});
    if (i < 10) test.add({i % 3 == 0, std::vector<BFloat16>{BFloat16(1.5f), BFloat16(static_cast<float>(i))}});
  }
  writer.split("none", {{"text", ElementType::u8, true, {}}});
  EXPECT_EQ(train.size(), kSamples);
  return writer.finish();
}

template <class T>
bool holds(const Value& value, const std::vector<T>& expected) {
  const std::span<const T> all = value.as<T>();
  return std::ranges::equal(std::as_bytes(all), std::as_bytes(std::span(expected)));
}

void expect_row(const Sample& sample, int64_t index) {
  const Row row = row_of(index);
  EXPECT_TRUE(holds(sample["image"], row.image)) << index;
  EXPECT_EQ(sample["image"].shape, (Shape{3, 4, 5}));
  EXPECT_EQ(sample["text"].text(), row.text) << index;
  EXPECT_TRUE(holds(sample["audio"], row.audio)) << index;
  EXPECT_TRUE(holds(sample["frames"], row.frames)) << index;
  EXPECT_EQ(sample["frames"].shape, (Shape{static_cast<int64_t>(row.frames.size()) / 8, 8}));
  EXPECT_EQ(sample["label"].scalar<int64_t>(), row.label);
}

std::string bytes_of(const std::filesystem::path& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

TEST(Shards, EverySampleComesBackInAnyOrder) {
  const TempFolder folder;
  const Manifest written = build(folder / "set");
  EXPECT_GT(written.split("train").shards.size(), 3u);
  const ShardedDataset dataset(folder / "set");
  const SplitReader& train = dataset.split("train");
  ASSERT_EQ(train.size(), kSamples);
  for (int64_t i = kSamples - 1; i >= 0; --i) expect_row(train.read(i), i);
  EXPECT_EQ(train.read(7, "text").text(), row_of(7).text);

  const SplitReader& test = dataset.split("test");
  EXPECT_EQ(test.read(3)["flag"].scalar<uint8_t>(), 1);
  EXPECT_EQ(test.read(4)["flag"].scalar<uint8_t>(), 0);
  EXPECT_EQ(static_cast<float>(test.read(4)["half"].as<BFloat16>()[1]), 4.0f);
  EXPECT_EQ(dataset.split("none").size(), 0);
  EXPECT_TRUE(dataset.split("none").lengths("text").empty());
}

TEST(Shards, WholeColumnsAndMetadata) {
  const TempFolder folder;
  const Manifest written = build(folder / "set");
  const ShardedDataset dataset(folder / "set");
  const SplitReader& train = dataset.split("train");
  const std::vector<int64_t> lengths = train.lengths("audio"), labels = train.values<int64_t>("label");
  for (int64_t i = 0; i < kSamples; ++i) {
    EXPECT_EQ(lengths[static_cast<size_t>(i)], static_cast<int64_t>(row_of(i).audio.size()));
    EXPECT_EQ(labels[static_cast<size_t>(i)], i * 7);
  }
  const Manifest& manifest = dataset.manifest();
  EXPECT_EQ(manifest.name, "rows");
  EXPECT_EQ(manifest.provenance.seed, 5u);
  EXPECT_EQ(manifest.list("classes"), (std::vector<std::string>{"zero", "one"}));
  EXPECT_EQ(manifest.integer("sample_rate"), 8000);
  EXPECT_EQ(manifest.text("note"), "größer");
  EXPECT_EQ(manifest.fingerprint(), written.fingerprint());
  EXPECT_EQ(dataset.file("vocab.txt"), "[PAD]\n[UNK]\n");
}

TEST(Shards, UsesThatCannotBeRightSayWhy) {
  const TempFolder folder;
  build(folder / "set");
  const ShardedDataset dataset(folder / "set");
  const SplitReader& train = dataset.split("train");
  EXPECT_EQ(message_of<IoError>([&] { dataset.split("dev"); }),
            "dataset: 'rows' has no split 'dev'; there are: train, test, none");
  EXPECT_EQ(message_of<IoError>([&] { train.read(0, "sound"); }),
            "dataset: split 'train' has no column 'sound'; there are: image, text, audio, frames, label");
  EXPECT_EQ(message_of<ValueError>([&] { train.read(kSamples); }),
            "dataset: sample 500 of split 'train', which has 500");
  EXPECT_THROW(train.read(-1), ValueError);
  EXPECT_THROW(train.lengths("image"), ValueError);
  EXPECT_EQ(message_of<IoError>([&] { train.values<int32_t>("label"); }),
            "dataset: column 'label' of split 'train' holds i64 [], expected i32 []");
  EXPECT_THROW(train.read(0, "audio").as<float>(), IoError);
  EXPECT_THROW(train.read(0, "image").scalar<uint8_t>(), IoError);
  EXPECT_THROW(dataset.file("other.txt"), IoError);
  EXPECT_THROW(dataset.manifest().text("sample_rate"), IoError);
  EXPECT_THROW(dataset.manifest().integer("missing"), IoError);

  DatasetWriter writer(folder / "other", "other", {.generator = "test"});
  ShardWriter& split = writer.split("a", {{"x", ElementType::f32, false, {2}}});
  EXPECT_EQ(message_of<ValueError>([&] { split.add({std::vector<double>{1, 2}}); }),
            "dataset: column 'x' of split 'a' holds f32, got f64");
  EXPECT_EQ(message_of<ValueError>([&] { split.add({std::vector<float>{1, 2, 3}}); }),
            "dataset: column 'x' of split 'a' takes 8 bytes a sample, got 12");
  EXPECT_THROW(split.add({1.0f, 2.0f}), ValueError);
  EXPECT_THROW(writer.split("a", {{"x", ElementType::f32, false, {}}}), ValueError);
  EXPECT_THROW(writer.split("../a", {{"x", ElementType::f32, false, {}}}), ValueError);
  EXPECT_THROW(writer.split("b", {{"x", ElementType::f32, false, {0}}}), ValueError);
  EXPECT_THROW(writer.split("b", {{"x", ElementType::f32, false, {}}, {"x", ElementType::f32, false, {}}}), ValueError);
  EXPECT_THROW(writer.add_file("../x", ""), ValueError);
}

TEST(Shards, EqualBuildsGiveEqualBytes) {
  const TempFolder folder;
  build(folder / "1");
  build(folder / "2");
  for (const auto& entry : std::filesystem::directory_iterator(folder / "1")) {
    EXPECT_TRUE(bytes_of(entry.path()) == bytes_of(folder / "2" / entry.path().filename())) << entry.path();
  }
}

TEST(Shards, FingerprintKnowsValuesNotCompression) {
  const TempFolder folder;
  const std::string one = build(folder / "1").fingerprint();
  EXPECT_EQ(build(folder / "2", {.shard_bytes = 50000, .deflate = 0}).fingerprint(), one);
  DatasetWriter writer(folder / "3", "x", {});
  writer.split("a", {{"x", ElementType::i64, false, {}}}).add({int64_t{1}});
  const std::string first = writer.finish().fingerprint();
  DatasetWriter again(folder / "3", "x", {}, {.replace = true});
  again.split("a", {{"x", ElementType::i64, false, {}}}).add({int64_t{2}});
  EXPECT_NE(again.finish().fingerprint(), first);
  DatasetWriter worded(folder / "3", "x", {}, {.replace = true});
  worded.split("a", {{"x", ElementType::i64, false, {}}}).add({int64_t{1}});
  worded.add_file("vocab.txt", "a");
  worded.set_attribute("tokenizer", std::string("vocab.txt"));
  const Manifest manifest = worded.finish();
  EXPECT_NE(manifest.fingerprint(), first);
  EXPECT_EQ(manifest.identity(), (DataIdentity{"x", manifest.fingerprint(), "e8b7be43"}));  // crc32("a")
}

TEST(Shards, AnInterruptedBuildIsNoDataSetAndCanBeRunAgain) {
  const TempFolder folder;
  {
    DatasetWriter writer(folder / "set", "rows", {.generator = "test"}, {.shard_bytes = 10});
    ShardWriter& train = writer.split("train", {{"x", ElementType::f64, false, {}}});
    for (int i = 0; i < 20; ++i) train.add({1.0});
  }
  EXPECT_TRUE(std::filesystem::exists(folder / "set" / "train-00000.h5"));
  write_file(folder / "set" / "train-00009.h5.partial", "cut off");
  EXPECT_EQ(message_of<IoError>([&] { ShardedDataset{folder / "set"}; }),
            "dataset: " + (folder / "set").string() +
                " is not complete: its build was interrupted\n  hint: build it: " + "triad data build NAME --out " +
                (folder / "set").string());
  build(folder / "set");
  const Inspection inspection = inspect(folder / "set");
  EXPECT_TRUE(inspection.unlisted.empty());
  EXPECT_TRUE(inspection.damage.empty());
}

TEST(Shards, WhatIsInTheFolderIsNotLost) {
  const TempFolder folder;
  build(folder / "set");
  EXPECT_EQ(message_of<IoError>([&] { build(folder / "set"); }),
            "dataset: " + (folder / "set").string() +
                " already holds a data set\n  hint: choose another folder, or say that " +
                "it may be replaced (--replace)");
  EXPECT_TRUE(inspect(folder / "set").damage.empty());
  build(folder / "set", {.shard_bytes = 1 << 30, .replace = true});
  EXPECT_TRUE(inspect(folder / "set").unlisted.empty());

  std::filesystem::create_directory(folder / "home");
  write_file(folder / "home" / "thesis-00001.h5", "years of work");
  EXPECT_THROW(build(folder / "home", {.replace = true}), IoError);
  EXPECT_EQ(bytes_of(folder / "home" / "thesis-00001.h5"), "years of work");
  EXPECT_EQ(message_of<IoError>([&] { ShardedDataset{folder / "home"}; }),
            "dataset: " + (folder / "home").string() +
                " is not a data set: it has no dataset.json\n  hint: build it: " + "triad data build NAME --out " +
                (folder / "home").string());
  write_file(folder / "file", "x");
  EXPECT_THROW(build(folder / "file"), IoError);
  EXPECT_THROW(ShardedDataset{folder / "missing"}, IoError);
}

TEST(Shards, ADescriptionIsTheDataSetWithoutItsSamples) {
  const TempFolder folder;
  const Manifest manifest = build(folder / "set");
  ShardedDataset(folder / "set").write_description(folder / "described");
  const ShardedDataset described(folder / "described");
  EXPECT_EQ(to_json(described.manifest()), to_json(manifest));
  EXPECT_EQ(described.file("vocab.txt"), "[PAD]\n[UNK]\n");
  EXPECT_THROW(described.split("train").read(0), IoError);
}

TEST(Shards, AFullDiskLosesNothingThatWasThere) {
  const TempFolder folder;
  build(folder / "whole");
  const std::string before = read_manifest(folder / "whole").fingerprint();
  {
    const harness::FullDisk disk(20'000);
    EXPECT_THAT(message_of<IoError>([&] { build(folder / "set"); }),
                AllOf(HasSubstr((folder / "set" / "train-00000.h5").string()), HasSubstr("File too large")));
    EXPECT_THROW(build(folder / "whole"), IoError);
  }
  EXPECT_EQ(inspect(folder / "whole").manifest.fingerprint(), before);
  EXPECT_TRUE(inspect(folder / "whole").damage.empty());
  EXPECT_THAT(message_of<IoError>([&] { ShardedDataset{folder / "set"}; }), HasSubstr("its build was interrupted"));
  EXPECT_EQ(build(folder / "set").fingerprint(), before);
}

TEST(Shards, ASplitWithoutSamplesIsRead) {
  const TempFolder folder;
  DatasetWriter writer(folder / "set", "x", {.generator = "test"});
  writer.split("a", {{"x", ElementType::i64, false, {}}, {"text", ElementType::u8, true, {}}});
  writer.finish();
  const ShardedDataset set(folder / "set");
  EXPECT_EQ(set.split("a").size(), 0);
  EXPECT_TRUE(set.split("a").values<int64_t>("x").empty());
  EXPECT_TRUE(set.split("a").lengths("text").empty());
  EXPECT_THROW(set.split("a").read(0), ValueError);
  const Inspection inspection = inspect(folder / "set");
  EXPECT_TRUE(inspection.damage.empty());
  EXPECT_THAT(describe(folder / "set", inspection), HasSubstr("split a: 0 samples"));
}

TEST(Shards, ThreadsReadTheSameValues) {
  const TempFolder folder;
  build(folder / "set");
  const ShardedDataset dataset(folder / "set", {.cache_bytes = 100000});
  std::vector<std::thread> threads;
  for (int64_t t = 0; t < 4; ++t) {
    threads.emplace_back([&dataset, t] {
      for (int64_t i = 0; i < kSamples; ++i) {
        const int64_t index = (i * 37 + t * 11) % kSamples;
        expect_row(dataset.split("train").read(index), index);
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
}

TEST(Shards, DamagedShardsAreErrorsWhicheverByteIsHit) {
  const TempFolder folder;
  const Manifest manifest = build(folder / "set");
  const std::string name = manifest.split("train").shards[1].name;
  const std::string bytes = bytes_of(folder / "set" / name);
  const int64_t sample = manifest.split("train").shards[0].samples;
  const auto read = [&] { ShardedDataset(folder / "set").split("train").read(sample); };
  RandomStream random(RandomKey{.seed = 1});
  for (int i = 0; i < 100; ++i) {
    std::string damaged = bytes;
    damaged[random.below(damaged.size())] ^= static_cast<char>(1 << random.below(8));
    write_file(folder / "set" / name, damaged);
    EXPECT_THROW(read(), IoError);
  }
  write_file(folder / "set" / name, std::string_view(bytes).substr(0, bytes.size() - 1));
  EXPECT_THAT(message_of<IoError>(read),
              AllOf(HasSubstr(name + " has " + std::to_string(bytes.size() - 1)), HasSubstr("hint: ")));
  std::filesystem::remove(folder / "set" / name);
  EXPECT_THAT(message_of<IoError>(read), HasSubstr(name + ": No such file"));
  write_file(folder / "set" / name, bytes);
  read();
}

TEST(Shards, AShardOfAnotherBuildIsRefused) {
  const TempFolder folder;
  Manifest manifest = build(folder / "set");
  // A well-formed file with the right checksums, but another type and a column of the wrong length.
  const auto refuse = [&](auto&& write) {
    FileEntry& shard = manifest.splits[0].shards[0];
    std::filesystem::remove(folder / "set" / shard.name);
    hdf5::File file = hdf5::File::create(folder / "set" / shard.name);
    write(file, shard.samples);
    file.close();
    shard.digest = digest_of_file(folder / "set" / shard.name);
    write_file(folder / "set" / "dataset.json", to_json(manifest));
    return message_of<IoError>([&] { ShardedDataset(folder / "set").split("train").read(0); });
  };
  EXPECT_THAT(refuse([](hdf5::File&, int64_t) {}), HasSubstr("attribute 'schema'"));
  EXPECT_THAT(refuse([](hdf5::File& file, int64_t) { file.set_attribute("schema", int64_t{2}); }),
              HasSubstr("schema version 2, expected 1"));
  const auto with_image = [](hdf5::File& file, int64_t rows, ElementType type) {
    file.set_attribute("schema", int64_t{1});
    hdf5::Dataset image = file.create_dataset("image", type, {rows, 3, 4, 5});
    image.write_rows(0, rows, std::vector<std::byte>(static_cast<size_t>(rows) * image.row_bytes()));
  };
  EXPECT_THAT(refuse([&](hdf5::File& file, int64_t n) { with_image(file, n, ElementType::f32); }),
              AllOf(HasSubstr("'/image' in "), HasSubstr("is f32 ["), HasSubstr("dataset.json says u8 [")));
  EXPECT_THAT(refuse([&](hdf5::File& file, int64_t n) { with_image(file, n - 1, ElementType::u8); }),
              HasSubstr("'/image' in "));
  EXPECT_THAT(refuse([&](hdf5::File& file, int64_t n) { with_image(file, n, ElementType::u8); }),
              HasSubstr("no 'text'"));
  EXPECT_THAT(refuse([&](hdf5::File& file, int64_t n) {
                with_image(file, n, ElementType::u8);
                std::vector<int64_t> offsets(static_cast<size_t>(n) + 1, 5);
                offsets[0] = 0;
                offsets[2] = -1;
                file.write<uint8_t>("text/values", std::vector<uint8_t>(5), {5});
                file.write<int64_t>("text/offsets", offsets, {n + 1});
              }),
              HasSubstr("'/text/offsets' in "));
}

TEST(Inspect, CountsAndDescribesAWholeDataSet) {
  const TempFolder folder;
  build(folder / "set");
  write_file(folder / "set" / "notes.md", "mine");
  const Inspection inspection = inspect(folder / "set");
  EXPECT_TRUE(inspection.damage.empty());
  ASSERT_EQ(inspection.splits.size(), 3u);
  EXPECT_EQ(inspection.splits[0].samples, kSamples);
  EXPECT_EQ(inspection.splits[0].columns[0].bytes, kSamples * 60);
  EXPECT_EQ(inspection.splits[0].columns[1].shortest, 0);
  EXPECT_THAT(inspection.unlisted, ElementsAre("notes.md"));
  const std::string text = describe(folder / "set", inspection, 2);
  EXPECT_THAT(
      text, AllOf(HasSubstr("split train: 500 samples"), HasSubstr("image: u8 [3, 4, 5], 30 kB"),
                  HasSubstr("[1] image [3, 4, 5] from "), HasSubstr("text \"sample 1"), HasSubstr("label 7"),
                  HasSubstr("flag 1"), HasSubstr("not part of the data set: notes.md"), HasSubstr("no damage found")));
}

TEST(Inspect, NamesShardColumnAndRowsOfDamage) {
  const TempFolder folder;
  DatasetWriter writer(folder / "set", "rows", {.generator = "test"}, {.deflate = 0});
  ShardWriter& split =
      writer.split("a", {{"wide", ElementType::i32, false, {1000}}, {"text", ElementType::u8, true, {}}});
  std::vector<int32_t> wide(1000);
  for (int32_t i = 0; i < 100; ++i) {
    std::ranges::fill(wide, 0x51000000 + i);
    split.add({wide, std::string(1000, static_cast<char>('0' + i / 10))});
  }
  const Manifest manifest = writer.finish();
  EXPECT_TRUE(inspect(folder / "set").damage.empty());
  const std::string name = manifest.split("a").shards[0].name, path = folder / "set" / name;
  const std::string bytes = bytes_of(path);

  std::string damaged = bytes;
  damaged[damaged.find(std::string("7777"))] ^= 1;
  write_file(path, damaged);
  Inspection inspection = inspect(folder / "set");
  ASSERT_EQ(inspection.damage.size(), 1u);
  EXPECT_EQ(inspection.damage[0].column, "text");
  EXPECT_EQ(inspection.damage[0].first_row, 65);  // the second chunk of 65536 bytes begins in this row
  EXPECT_EQ(inspection.damage[0].last_row, 100);
  EXPECT_THAT(inspection.damage[0].text(), AllOf(HasSubstr(name + ", column 'text', rows [65, 100): "),
                                                 AnyOf(HasSubstr("Fletcher32"), HasSubstr("filter returned failure"))));
  EXPECT_THAT(describe(folder / "set", inspection), HasSubstr("DAMAGED " + name));

  write_file(path, std::string_view(bytes).substr(0, bytes.size() / 2));
  inspection = inspect(folder / "set");
  ASSERT_EQ(inspection.damage.size(), 1u);
  EXPECT_THAT(describe(folder / "set", inspection), AllOf(HasSubstr("cannot be read"), HasSubstr("1 damaged places")));

  std::filesystem::remove(path);
  EXPECT_EQ(inspect(folder / "set").damage.size(), 1u);
}

TEST(Inspect, FindsFlippedBitsAnywhere) {
  const TempFolder folder;
  const Manifest manifest = build(folder / "set");
  const std::string path = folder / "set" / manifest.split("train").shards[0].name, bytes = bytes_of(path);
  RandomStream random(RandomKey{.seed = 2});
  for (int i = 0; i < 40; ++i) {
    std::string damaged = bytes;
    damaged[random.below(damaged.size())] ^= static_cast<char>(1 << random.below(8));
    write_file(path, damaged);
    EXPECT_FALSE(inspect(folder / "set").damage.empty());
  }
  write_file(path, bytes);
  write_file(folder / "set" / "vocab.txt", "[PAD]\n[UNK]\r");
  const Inspection inspection = inspect(folder / "set");
  ASSERT_EQ(inspection.damage.size(), 1u);
  EXPECT_EQ(inspection.damage[0].file, "vocab.txt");
  EXPECT_THROW(ShardedDataset(folder / "set").file("vocab.txt"), IoError);
}

TEST(Manifest, SurvivesARoundTrip) {
  const TempFolder folder;
  const Manifest manifest = build(folder / "set");
  EXPECT_EQ(to_json(parse_manifest(to_json(manifest), "x")), to_json(manifest));
}

TEST(Manifest, WhatNoWriterProducesIsRefusedByFileAndKey) {
  const TempFolder folder;
  const std::string json = to_json(build(folder / "set"));
  const auto refused = [&](const std::string& from, const std::string& to) {
    std::string changed = json;
    const size_t at = changed.find(from);
    EXPECT_NE(at, changed.npos) << from;
    changed.replace(at, from.size(), to);
    const std::string message = message_of<IoError>([&] { parse_manifest(changed, "d.json"); });
    return message.substr(0, message.find('\n'));
  };
  EXPECT_EQ(refused("\"schema\": 1", "\"schema\": 2"), "dataset: d.json: schema version 2, this program reads 1");
  EXPECT_EQ(refused("triad-dataset", "zarr"), "dataset: d.json: does not describe a data set of triad");
  EXPECT_EQ(refused("\"samples\": 500", "\"samples\": -1"), "dataset: d.json: 'splits[0].samples' is not a count");
  EXPECT_EQ(refused("\"samples\": 500", "\"samples\": 501"),
            "dataset: d.json: 'splits[0].samples' is 501, the shards have 500");
  EXPECT_EQ(refused("\"train-00000.h5\"", "\"../train-00000.h5\""),
            "dataset: d.json: 'splits[0].shards[0].file' is not a plain name");
  EXPECT_EQ(refused("\"train-00001.h5\"", "\"train-00000.h5\""),
            "dataset: d.json: 'splits[0].shards[1]' names train-00000.h5 once more");
  EXPECT_EQ(refused("\"type\": \"u8\"", "\"type\": \"u7\""),
            "dataset: d.json: 'splits[0].columns[0].type' is no element type");
  EXPECT_EQ(refused("\"ragged\": false", "\"ragged\": 0"),
            "dataset: d.json: 'splits[0].columns[0].ragged' is neither true nor false");
  EXPECT_EQ(refused("\"crc32\": \"", "\"crc32\": \"z"), "dataset: d.json: 'splits[0].shards[0].crc32' is not a CRC-32");
  EXPECT_EQ(refused("            3,", "            281474976710656, 281474976710656,"),
            "dataset: d.json: 'splits[0].columns[0].shape' is too large");
  EXPECT_EQ(refused("\"provenance\"", "\"origin\""), "dataset: d.json: the top level has no 'provenance'");
  EXPECT_THAT(refused("{", "{{"), HasSubstr("dataset: d.json: not JSON: "));
  for (size_t size = 0; size < json.size(); size += 13) {
    EXPECT_THROW(parse_manifest(std::string_view(json).substr(0, size), "d.json"), IoError);
  }
  EXPECT_THROW(parse_manifest(std::string(100000, '['), "d.json"), IoError);
}

}  // namespace
}  // namespace triad::data
