#include <set>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/harness/data_path.h"
#include "tests/harness/message_of.h"
#include "triad/core/base/error.h"
#include "triad/data/build/builder.h"
#include "triad/data/scenes/grammar.h"
#include "triad/data/scenes/render.h"
#include "triad/data/scenes/scenes.h"
#include "triad/data/shards/sharded_dataset.h"
#include "triad/data/text/wordpiece.h"
#include "triad/data/text/words.h"

namespace triad::data {
namespace {

class ScenesBuild : public testing::Test {
 protected:
  void SetUp() override {
    try {
      speech_program_version();
    } catch (const IoError&) {
      GTEST_SKIP() << "no program espeak-ng";
    }
  }

  Manifest build(const std::string& name, uint64_t seed = 1, int64_t training_scenes = 12) {
    const Builder& scenes = builder_named("scenes");
    BuildRequest request{.out = folder_ / name, .seed = seed};
    for (const BuilderOption& option : scenes.options) request.options[option.name] = option.value;
    for (const char* size : {"pictures", "clips", "train", "validation", "test", "compositional"}) {
      request.options[size] = int64_t{12};
    }
    request.options["train"] = training_scenes;
    request.options["sentences"] = int64_t{2000};
    return scenes.build(request);
  }

  harness::TempFolder folder_;
};

TEST_F(ScenesBuild, WritesWhatTheGeneratorMakes) {
  build("a");
  const ShardedDataset dataset(folder_ / "a");
  const Scenes scenes(ScenesOptions{});
  const SplitReader& test = dataset.split("test");
  ASSERT_EQ(test.size(), 12);
  for (int64_t i = 0; i < test.size(); ++i) {
    const Sample sample = test.read(i);
    const Scene& scene = scenes.scene(ScenesSplit::kTest, i);
    EXPECT_EQ(parse_description(sample["text"].text()), scene);
    EXPECT_EQ(sample["identity"].scalar<int64_t>(), scene.code());
    EXPECT_EQ(sample["image"].shape, (Shape{3, kSceneSide, kSceneSide}));
    const Image picture = scenes.picture(ScenesSplit::kTest, i);
    const auto planes = sample["image"].as<uint8_t>();
    for (size_t pixel : {0u, 77u, 4095u}) {
      for (size_t c = 0; c < 3; ++c) EXPECT_EQ(planes[c * 4096 + pixel], picture.pixels[pixel * 3 + c]);
    }
    EXPECT_GT(sample["audio"].as<int16_t>().size(), 8000u);
  }
}

TEST_F(ScenesBuild, QuestionsPointToTheirPictures) {
  const Manifest manifest = build("a");
  const ShardedDataset dataset(folder_ / "a");
  const Scenes scenes(ScenesOptions{});
  EXPECT_EQ(manifest.list("answers").size(), answer_names().size());
  EXPECT_EQ(manifest.list("question_types").size(), size_t{kQuestionTypes});
  const SplitReader& questions = dataset.split("train_questions");
  ASSERT_EQ(questions.size(), 12 * scenes.options().questions);
  for (int64_t i = 0; i < questions.size(); ++i) {
    const Sample sample = questions.read(i);
    const int64_t picture = sample["sample"].scalar<int64_t>();
    const std::vector<Question> asked = scenes.questions(ScenesSplit::kTraining, picture);
    const Question& expected = asked[static_cast<size_t>(i % scenes.options().questions)];
    EXPECT_EQ(sample["text"].text(), expected.text);
    EXPECT_EQ(sample["answer"].scalar<int64_t>(), expected.answer);
    EXPECT_EQ(sample["type"].scalar<int64_t>(), static_cast<int64_t>(expected.type));
  }
}

TEST_F(ScenesBuild, EveryWordIsOnePiece) {
  build("a", 1, /*training_scenes=*/150);  // enough questions for every word to be asked more than once
  const WordPiece tokenizer = WordPiece::load(folder_ / "a/vocab.txt");
  const Scenes scenes(ScenesOptions{});
  std::set<std::string> words;
  for (int64_t i = 0; i < 500; ++i) {
    for (const std::string& word : split_words(scenes.sentence(ScenesSplit::kTest, i), true)) words.insert(word);
    for (const Question& question : scenes.questions(ScenesSplit::kTest, i)) {
      for (const std::string& word : split_words(question.text, true)) words.insert(word);
    }
  }
  EXPECT_GT(words.size(), 55u);
  for (const std::string& word : words) EXPECT_EQ(tokenizer.encode(word).size(), 1u) << word;
}

TEST_F(ScenesBuild, TheSeedDecidesEverything) {
  const std::string first = build("a").fingerprint();
  EXPECT_EQ(build("b").fingerprint(), first);
  EXPECT_NE(build("c", 2).fingerprint(), first);
}

TEST(ScenesOptions, AreCheckedBeforeAnythingIsMade) {
  const harness::TempFolder folder;
  const Builder& scenes = builder_named("scenes");
  for (const auto& [name, value] : {std::pair{"vocabulary", 5}, {"questions", 101}, {"train", -1}}) {
    BuildRequest request{.out = folder / "new"};
    for (const BuilderOption& option : scenes.options) request.options[option.name] = option.value;
    request.options[name] = int64_t{value};
    EXPECT_THAT(harness::message_of<ConfigError>([&] { scenes.build(request); }),
                testing::HasSubstr(str("--", name, " is ", value, ", expected ")));
    EXPECT_FALSE(std::filesystem::exists(folder / "new")) << name;
  }
}

}  // namespace
}  // namespace triad::data
