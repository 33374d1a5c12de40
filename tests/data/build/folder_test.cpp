#include <algorithm>
#include <set>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/data/sound_file.h"
#include "tests/data/text/sentencepiece_model.h"
#include "tests/harness/damage.h"
#include "tests/harness/data_path.h"
#include "tests/harness/message_of.h"
#include "triad/data/build/builder.h"
#include "triad/data/build/source_files.h"
#include "triad/data/formats/png.h"
#include "triad/data/shards/sharded_dataset.h"
#include "triad/data/text/tokenizer.h"

namespace triad::data {
namespace {

namespace fs = std::filesystem;
using harness::message_of;
using harness::write_file;
using testing::ElementsAre;
using testing::HasSubstr;

/// A picture of one colour, wider than high.
std::string png(uint8_t value, int channels = 3) {
  return encode_png({6, 10, channels, std::vector<uint8_t>(static_cast<size_t>(60 * channels), value)});
}

class BuildFolder : public testing::Test {
 protected:
  BuildFolder() {
    for (const char* name : {"images/deep/.hidden", "sounds", "texts"}) fs::create_directories(folder / name);
    for (int i = 0; i < 10; ++i) {
      const std::string name = std::to_string(i);
      write_file(folder / ("images/" + name + ".png"), png(static_cast<uint8_t>(10 * i)));
      write_sound(folder / ("sounds/" + name + ".wav"),
                  std::vector<int16_t>(static_cast<size_t>(8000 + i), static_cast<int16_t>(i)), 8000);
    }
    write_file(folder / "images/deep/grey.PNG", png(200, 1));
    write_file(folder / "images/.ignored.png", "damaged");
    write_file(folder / "images/deep/.hidden/x.png", "damaged");
    write_file(folder / "images/notes.txt", "no picture");
    write_file(folder / "texts/a.txt", "# one\nThe first text.\n# two\nThe second text.\n# three\nThe third text.\n");
  }

  /// The list of pictures 0 to 9 with what `rest(i)` adds to each.
  template <class F>
  void list_pairs(const F& rest) {
    std::string list;
    for (int i = 0; i < 10; ++i) list += str("{\"image\": \"images/", i, ".png\"", rest(i), "}\n");
    write_file(folder / "pairs.jsonl", list);
  }

  Manifest build(const Attributes& given, uint64_t seed = 1) {
    const Builder& builder = builder_named("folder");
    BuildRequest request{.out = folder / "set", .seed = seed, .write = {.replace = true}};
    for (const BuilderOption& option : builder.options) request.options[option.name] = option.value;
    request.options["vocabulary"] = int64_t{60};
    request.options["size"] = int64_t{4};
    request.options["sample-rate"] = int64_t{8000};
    for (const auto& [name, value] : given) request.options[name] = value;
    return builder.build(request);
  }

  std::string refusal(const Attributes& given) {
    return message_of<IoError>([&] { build(given); });
  }
  std::string path(const char* name) const { return (folder / name).string(); }

  harness::TempFolder folder;
};

TEST_F(BuildFolder, PoolsHoldEveryFile) {
  build({{"images", path("images")}, {"sounds", path("sounds")}, {"texts", path("texts")}, {"held-out", 0.3}});
  const ShardedDataset set(folder / "set");
  const SplitReader& images = set.split("pool_image");
  ASSERT_EQ(images.size(), 11);  // not the hidden ones, not the text
  for (int64_t i = 0; i < 10; ++i) {
    const Value image = images.read(i, "image");
    EXPECT_EQ(image.shape, (Shape{3, 4, 4}));
    EXPECT_EQ(image.as<uint8_t>()[47], 10 * i);
  }
  EXPECT_EQ(images.read(10, "image").as<uint8_t>()[20], 200);
  const SplitReader& sounds = set.split("pool_speech");
  ASSERT_EQ(sounds.size(), 10);
  EXPECT_EQ(sounds.read(3, "audio").as<int16_t>().size(), 8003u);
  EXPECT_EQ(sounds.read(3, "audio").as<int16_t>()[8002], 3);
  EXPECT_EQ(set.manifest().integer("sample_rate"), 8000);
  std::set<std::string> texts;
  for (const char* split : {"pool_text", "validation", "test"}) {
    ASSERT_EQ(set.split(split).size(), 1);
    texts.insert(set.split(split).read(0, "text").text());
  }
  EXPECT_EQ(texts, (std::set<std::string>{"The first text.", "The second text.", "The third text."}));
}

TEST_F(BuildFolder, PicturesOfAnySizeFit) {
  fs::create_directory(folder / "sizes");
  write_file(folder / "sizes/1x1.png", encode_png({1, 1, 1, {7}}));
  write_file(folder / "sizes/8000x8000.png", encode_png({8000, 8000, 1, std::vector<uint8_t>(64'000'000, 9)}));
  build({{"images", path("sizes")}});
  const ShardedDataset set(folder / "set");
  EXPECT_EQ(set.split("pool_image").read(0, "image").as<uint8_t>()[47], 7);
  EXPECT_EQ(set.split("pool_image").read(1, "image").as<uint8_t>()[47], 9);
}

TEST_F(BuildFolder, PicturesCanBeGreyAndSoundsOfAnotherRate) {
  write_sound(folder / "sounds/0.flac", std::vector<int16_t>(22050, 1000), 22050);
  build({{"images", path("images")}, {"sounds", path("sounds")}, {"grey", true}, {"sample-rate", int64_t{16000}}});
  const ShardedDataset set(folder / "set");
  EXPECT_EQ(set.split("pool_image").read(0, "image").shape, (Shape{1, 4, 4}));
  const Value sound = set.split("pool_speech").read(0, "audio");
  ASSERT_EQ(sound.as<int16_t>().size(), 16000u);
  EXPECT_NEAR(sound.as<int16_t>()[8000], 1000, 2);
}

TEST_F(BuildFolder, PairsAreHeldOutByWhatTheyShow) {
  list_pairs([](int i) { return str(", \"text\": \"number ", i, "\", \"audio\": \"sounds/", i, ".wav\""); });
  write_file(folder / "pairs.jsonl",
             harness::read_file(folder / "pairs.jsonl") + "\n{\"image\": \"images/0.png\", \"text\": \"again\"}\n");
  std::set<std::set<int64_t>> held_out;
  for (const uint64_t seed : {1, 2, 3, 4}) {
    build({{"pairs", path("pairs.jsonl")}, {"images", path("images")}, {"held-out", 0.2}}, seed);
    const ShardedDataset set(folder / "set");
    std::map<std::string, std::set<int64_t>> identities;  // by split
    int64_t samples = 0;
    for (const std::string split : {"train", "validation", "test"}) {
      for (int64_t i = 0; i < set.split(split).size(); ++i, ++samples) {
        const Sample sample = set.split(split).read(i);
        const int number = sample["image"].as<uint8_t>()[0] / 10;
        identities[split].insert(number);
        EXPECT_EQ(sample["identity"].scalar<int64_t>(), number);
        const std::string text = sample["text"].text();
        EXPECT_TRUE(text == str("number ", number) || (text == "again" && number == 0)) << text;
        EXPECT_EQ(sample["audio"].as<int16_t>().size(), text == "again" ? 0u : 8000u + static_cast<size_t>(number));
      }
    }
    EXPECT_EQ(samples, 11);
    for (const std::string split : {"validation", "test"}) {
      EXPECT_FALSE(identities[split].empty());
      for (const int64_t number : identities[split]) EXPECT_FALSE(identities["train"].contains(number));
    }
    held_out.insert(identities["test"]);
    // What is held out is in no pool; pools without a folder are what the training pairs have.
    EXPECT_EQ(set.split("pool_image").size(), 1 + std::ssize(identities["train"]));
    EXPECT_EQ(set.split("pool_speech").size(), std::ssize(identities["train"]));
    EXPECT_EQ(set.split("pool_text").size(), set.split("train").size());
    EXPECT_THAT(set.file("vocab.txt"), HasSubstr("number"));
  }
  EXPECT_GT(held_out.size(), 1u);  // the seed decides
}

TEST_F(BuildFolder, LabelsAreIdentitiesUnlessThereAreOthers) {
  list_pairs([](int i) { return str(", \"label\": ", i % 2 ? "\"odd\"" : "\"even\""); });
  build({{"pairs", path("pairs.jsonl")}, {"held-out", 0.2}});
  {
    const ShardedDataset set(folder / "set");
    EXPECT_THAT(set.manifest().list("label_names"), ElementsAre("even", "odd"));
    for (const Sample& sample : {set.split("train").read(0), set.split("test").read(0)}) {
      EXPECT_EQ(sample["label"].scalar<int64_t>(), sample["image"].as<uint8_t>()[0] / 10 % 2);
      EXPECT_EQ(sample["identity"].scalar<int64_t>(), sample["label"].scalar<int64_t>());
    }
    EXPECT_EQ(set.split("train").size(), 6);  // one label is on both sides
  }
  list_pairs([](int i) { return str(", \"label\": ", i % 2, ", \"identity\": ", i / 2); });
  build({{"pairs", path("pairs.jsonl")}, {"held-out", 0.2}});
  const ShardedDataset set(folder / "set");
  std::set<int64_t> trained;
  for (const int64_t identity : set.split("train").values<int64_t>("identity")) trained.insert(identity);
  for (const int64_t identity : set.split("test").values<int64_t>("identity")) EXPECT_FALSE(trained.contains(identity));
  EXPECT_EQ(set.split("test").size() % 2, 0);
}

TEST_F(BuildFolder, LongSoundsBecomeSeveral) {
  fs::remove_all(folder / "sounds");
  fs::create_directory(folder / "sounds");
  std::vector<int16_t> long_sound(600 * 8000);
  for (size_t i = 0; i < long_sound.size(); ++i) long_sound[i] = static_cast<int16_t>(i % 9973);
  write_sound(folder / "sounds/600s.flac", long_sound, 8000);
  build({{"sounds", path("sounds")}, {"seconds", int64_t{7}}});
  const ShardedDataset set(folder / "set");
  EXPECT_EQ(set.split("pool_speech").size(), 86);
  std::vector<int16_t> joined;
  for (int64_t i = 0; i < 86; ++i) {
    const Value piece = set.split("pool_speech").read(i, "audio");
    EXPECT_LE(piece.as<int16_t>().size(), 56000u);
    joined.insert(joined.end(), piece.as<int16_t>().begin(), piece.as<int16_t>().end());
  }
  EXPECT_EQ(joined, long_sound);
  write_file(folder / "pairs.jsonl", "{\"audio\": \"sounds/600s.flac\", \"text\": \"long\"}\n");
  EXPECT_THAT(refusal({{"pairs", path("pairs.jsonl")}, {"held-out", 0.0}}),
              HasSubstr("600s.flac lasts 600 s, a sound of a pair at most 30\n  hint: "));
}

TEST_F(BuildFolder, DamagedFilesAreNamedOrLeftOut) {
  write_file(folder / "images/deep/cut.png", png(1).substr(0, 50));
  write_file(folder / "images/empty.jpg", "");
  write_sound(folder / "sounds/silent.wav", {}, 8000);
  EXPECT_THAT(refusal({{"images", path("images")}}), HasSubstr("png: " + path("images/deep/cut.png") + ": "));
  EXPECT_EQ(refusal({{"sounds", path("sounds")}}), "sound: " + path("sounds/silent.wav") + " is empty");
  list_pairs([](int i) { return i == 4 ? ", \"audio\": \"sounds/none.wav\"" : ""; });
  write_file(folder / "pairs.jsonl",
             harness::read_file(folder / "pairs.jsonl") + "{\"image\": \"sounds/../images/empty.jpg\"}\n");
  EXPECT_EQ(refusal({{"pairs", path("pairs.jsonl")}}),
            "data build: " + path("pairs.jsonl") + ", line 5: there is no file " + path("sounds/none.wav"));

  const Manifest manifest = build({{"images", path("images")},
                                   {"sounds", path("sounds")},
                                   {"pairs", path("pairs.jsonl")},
                                   {"held-out", 0.0},
                                   {"skip-damaged", true}});
  EXPECT_EQ(manifest.split("pool_image").samples, 11);
  EXPECT_EQ(manifest.split("pool_speech").samples, 10);
  EXPECT_EQ(manifest.split("train").samples, 9);
  EXPECT_THAT(manifest.list("skipped"), ElementsAre(HasSubstr("cut.png"), HasSubstr("images/empty.jpg is empty"),
                                                    HasSubstr("no file"), HasSubstr("silent.wav is empty")));

  fs::remove_all(folder / "images/deep");
  for (int i = 0; i < 10; ++i) fs::remove(folder / str("images/", i, ".png"));
  EXPECT_THAT(refusal({{"images", path("images")}, {"skip-damaged", true}}),
              HasSubstr("none of the 1 pictures can be used: image: " + path("images/empty.jpg") + " is empty"));
}

TEST_F(BuildFolder, SentencePieceModelsAreCopied) {
  write_file(folder / "x.model", trained_model());
  build({{"texts", path("texts")}, {"held-out", 0.0}, {"sentencepiece", path("x.model")}});
  const ShardedDataset set(folder / "set");
  EXPECT_EQ(set.manifest().text("tokenizer"), "sentencepiece.model");
  EXPECT_EQ(set.file("sentencepiece.model"), trained_model());
  write_file(folder / "x.model", "no model");
  EXPECT_EQ(refusal({{"texts", path("texts")}, {"sentencepiece", path("x.model")}}),
            path("x.model") + ": SentencePiece: the model is damaged");
}

TEST_F(BuildFolder, VocabulariesOfBertAreCopied) {
  const std::string special = "[PAD]\n[unused0]\n[UNK]\n[CLS]\n[SEP]\n[MASK]\n";
  const Attributes given = {{"texts", path("texts")}, {"held-out", 0.0}, {"wordpiece", path("v.txt")}};
  const auto first_ids = [&](const std::string& pieces) {
    write_file(folder / "v.txt", special + pieces);
    build(given);
    const ShardedDataset set(folder / "set");
    const std::string name = set.manifest().text("tokenizer");
    EXPECT_EQ(set.file(name), special + pieces);
    return parse_tokenizer(name, set.file(name))->encode("The first");
  };
  EXPECT_THAT(first_ids("the\r\nfirst\r\n"), ElementsAre(6, 7));
  EXPECT_THAT(first_ids("the\nThe\n"), ElementsAre(7, 2));  // with capitals

  write_file(folder / "v.txt", "the\nfirst\n");
  EXPECT_EQ(refusal(given), path("v.txt") + ": WordPiece: the vocabulary has no [PAD]");
  EXPECT_EQ(message_of<ConfigError>([&] {
              build({{"texts", path("texts")}, {"wordpiece", path("v.txt")}, {"sentencepiece", path("x.model")}});
            }),
            "data build: --wordpiece and --sentencepiece are both given, expected one tokenizer");
}

TEST(Builders, EveryOneTakesATokenizer) {
  for (const Builder& builder : all_builders()) {
    for (const char* name : {"vocabulary", "wordpiece", "sentencepiece"})
      EXPECT_EQ(std::ranges::count(builder.options, name, &BuilderOption::name), 1) << builder.name << " " << name;
  }
}

TEST_F(BuildFolder, EveryDataSetHasATokenizer) {
  build({{"images", path("images")}});
  const ShardedDataset set(folder / "set");
  EXPECT_EQ(parse_tokenizer("vocab.txt", set.file(set.manifest().text("tokenizer")))->vocabulary_size(), 5);
}

TEST_F(BuildFolder, MissingAndEmptySourcesAreNamed) {
  EXPECT_THAT(message_of<ConfigError>([&] { build({}); }), HasSubstr("nothing to build a data set from"));
  EXPECT_THAT(message_of<ConfigError>([&] { build({{"images", path("images")}, {"size", int64_t{0}}}); }),
              HasSubstr("--size is 0, expected 1 to 4096"));
  EXPECT_THAT(message_of<ConfigError>([&] { build({{"images", path("images")}, {"sample-rate", int64_t{11025}}}); }),
              HasSubstr("--sample-rate is 11025, expected 8000 or 16000"));
  EXPECT_THAT(refusal({{"images", path("nowhere")}}), HasSubstr("cannot read " + path("nowhere")));
  EXPECT_THAT(refusal({{"images", path("images/0.png")}}), HasSubstr("0.png: Not a directory"));
  EXPECT_THAT(refusal({{"images", path("texts")}}), HasSubstr("no pictures in " + path("texts")));
  EXPECT_THAT(refusal({{"sounds", path("texts")}}), HasSubstr("no sounds in "));
  EXPECT_THAT(refusal({{"texts", path("sounds")}}), HasSubstr("no .txt or .md files in "));
  write_file(folder / "texts/a.txt", "\n\n");
  EXPECT_EQ(refusal({{"texts", path("texts")}}), "data build: " + path("texts") + " holds no text");
  EXPECT_THAT(refusal({{"pairs", path("images")}}), HasSubstr("images is not a regular file"));
  list_pairs([](int) { return ", \"identity\": 1"; });
  EXPECT_THAT(refusal({{"pairs", path("pairs.jsonl")}}), HasSubstr("has 10 samples, too few to hold out 1 for"));
  EXPECT_FALSE(fs::exists(folder / "set"));
}

TEST_F(BuildFolder, EqualInputGivesEqualData) {
  list_pairs([](int i) { return str(", \"text\": \"", i, "\""); });
  const Attributes given = {{"pairs", path("pairs.jsonl")}, {"sounds", path("sounds")}};
  const std::string first = build(given).fingerprint();
  EXPECT_EQ(build(given).fingerprint(), first);
  EXPECT_NE(build(given, 2).fingerprint(), first);
}

TEST(SourceFiles, AFolderThatCannotBeReadIsNamed) {
  const harness::TempFolder folder;
  EXPECT_TRUE(files_below(folder.path()).empty());
  EXPECT_THAT(message_of<IoError>([&] { files_below(folder / "none"); }), HasSubstr("none: No such file"));
}

}  // namespace
}  // namespace triad::data
