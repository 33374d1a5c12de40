// What a run is measured by, on data sets that allow more and less of it.
#include "triad/train/evaluate/evaluate.h"

#include <fstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "tests/harness/data_path.h"
#include "tests/harness/message_of.h"
#include "tests/train/loop/tiny_data.h"
#include "triad/train/pretrain.h"

namespace triad::train {
namespace {

using nlohmann::json;
using testing::ElementsAre;
using testing::UnorderedElementsAre;

std::vector<std::string> keys(const json& object) {
  std::vector<std::string> names;
  for (const auto& [key, value] : object.items()) names.push_back(key);
  return names;
}

bool lacks_some_sounds(int64_t sample, std::string_view column) { return column == "audio" && sample % 2 == 1; }

class Evaluate : public testing::Test {
 protected:
  std::filesystem::path at(std::string_view name) const { return folder_ / name; }

  /// A data set, and a run on it of two steps a stage.
  json summary_of(const std::string& name, const TinyOptions& data, const PretrainOptions& options = {},
                  const std::string& split = "test") {
    write_tiny_data(at(name + "-data"), data);
    Recipe recipe = tiny_recipe(at(name + "-data"));
    recipe.data.split = split;
    recipe.train.max_steps = 2;
    PretrainOptions complete = options;
    complete.out = at(name);
    pretrain(recipe, complete);
    std::ifstream in(at(name) / "summary.json");
    return json::parse(in);
  }

  /// What `triad eval RUN --data DATA` prints.
  json evaluated(const std::string& run_name, const std::filesystem::path& data) {
    const LoadedRun run = load_run(at(run_name));
    const TrainingData other(data, *run.data);
    const Evaluation e = evaluate({run.recipe, at(run_name) / "checkpoints", *run.data, *run.model}, other);
    missing_ = e.missing;
    return json::parse(to_json(e));
  }

  std::vector<std::string> missing_;  ///< of the last that was evaluated

 private:
  harness::TempFolder folder_;
};

TEST_F(Evaluate, EveryKeyOfASummaryWithQuestions) {
  const json summary = summary_of("run", {});
  EXPECT_THAT(keys(summary), UnorderedElementsAre("recipe", "seed", "seconds", "split", "retrieval", "vqa", "mlm"));
  EXPECT_THAT(keys(summary["seconds"]), UnorderedElementsAre("total", "text", "image", "speech", "align", "joint"));
  EXPECT_THAT(keys(summary["retrieval"]), UnorderedElementsAre("text->image", "image->text", "text->speech",
                                                               "speech->text", "image->speech", "speech->image"));
  for (const auto& [direction, r] : summary["retrieval"].items()) {
    EXPECT_THAT(keys(r), UnorderedElementsAre("n", "r1", "r5", "r10")) << direction;
    EXPECT_LE(r["r1"], r["r5"]);
    EXPECT_LE(r["r5"], r["r10"]);
  }
  EXPECT_EQ(summary["retrieval"]["speech->image"]["n"], 24);
  EXPECT_EQ(summary["retrieval"]["text->image"]["n"], 20);  // four samples have no text
  EXPECT_THAT(keys(summary["vqa"]), UnorderedElementsAre("accuracy", "question_only", "majority", "by_type"));
  EXPECT_THAT(keys(summary["vqa"]["by_type"]), UnorderedElementsAre("exists", "colour"));
  EXPECT_THAT(keys(summary["mlm"]), UnorderedElementsAre("accuracy", "unigram"));
  EXPECT_EQ(summary["split"], "test");
}

TEST_F(Evaluate, SamplesWithoutSoundAreNoSpokenQueries) {
  const json summary = summary_of(
      "run", {.kind = TinyKind::digits, .lacks = &lacks_some_sounds, .held_out = "validation"}, {}, "validation");
  EXPECT_THAT(keys(summary), UnorderedElementsAre("recipe", "seed", "seconds", "split", "retrieval", "right_class",
                                                  "probe", "nearest_neighbours", "mlm"));
  EXPECT_EQ(summary["split"], "validation");
  EXPECT_EQ(summary["retrieval"]["speech->image"]["n"], 12);
  EXPECT_EQ(summary["retrieval"]["image->text"]["n"], 24);
  EXPECT_EQ(keys(summary["right_class"]), keys(summary["retrieval"]));
  EXPECT_THAT(keys(summary["probe"]), UnorderedElementsAre("mnist", "spoken_digit"));

  const LoadedRun run = load_run(at("run"));
  const Embedded speech = embed_speech(*run.model, *run.data, "validation");
  ASSERT_EQ(speech.rows.size(), 12u);
  for (size_t i = 0; i < 12; ++i) {
    EXPECT_EQ(speech.rows[i], 2 * static_cast<int64_t>(i));
    EXPECT_EQ(speech.identities[i], speech.rows[i] % 9);
    EXPECT_EQ(speech.labels[i], speech.rows[i] % 9);
  }
  EXPECT_EQ(speech.embeddings.size(0), 12);
}

TEST_F(Evaluate, TheSplitOfTheRecipeComesFirst) {
  EXPECT_EQ(summary_of("run", {.held_out = "compositional"}, {}, "compositional")["split"], "compositional");
}

TEST_F(Evaluate, OnlyWhatWasTrainedIsMeasured) {
  EXPECT_THAT(keys(summary_of("text", {}, {.only = "text"})),
              UnorderedElementsAre("recipe", "seed", "seconds", "split", "mlm"));
  EXPECT_THAT(keys(summary_of("align", {}, {.only = "align"})),
              UnorderedElementsAre("recipe", "seed", "seconds", "split", "retrieval"));
}

TEST_F(Evaluate, MaskedTokensAreGuessedWithTheWeightsOfStage1) {
  write_tiny_data(at("data"));
  Recipe recipe = tiny_recipe(at("data"));
  for (StageOptions* stage : {static_cast<StageOptions*>(&recipe.image), static_cast<StageOptions*>(&recipe.speech),
                              static_cast<StageOptions*>(&recipe.joint)})
    stage->steps = 0;
  recipe.text.schedule.peak = 1e-2;
  recipe.align.schedule.peak = 0.1;  // moves the text encoder far from its head
  pretrain(recipe, {.out = at("whole")});
  pretrain(recipe, {.out = at("text"), .only = "text"});
  const json mlm = evaluated("whole", at("data"))["mlm"];
  EXPECT_EQ(mlm, evaluated("text", at("data"))["mlm"]);
  EXPECT_GT(mlm["accuracy"], mlm["unigram"]);
  const LoadedRun run = load_run(at("whole"));  // with the newest weights
  const auto at_the_end = guess_masked_tokens(*run.model, *run.data, *run.data, "test", recipe.text.masked);
  EXPECT_NE(at_the_end->accuracy, mlm["accuracy"]);
}

TEST_F(Evaluate, TextAloneIsEnough) {
  write_tiny_data(at("data"), {.kind = TinyKind::text});
  Recipe recipe = tiny_recipe(at("data"));
  recipe.train.max_steps = 2;
  for (StageOptions* stage : {static_cast<StageOptions*>(&recipe.image), static_cast<StageOptions*>(&recipe.speech),
                              static_cast<StageOptions*>(&recipe.align), static_cast<StageOptions*>(&recipe.joint)})
    stage->steps = 0;
  pretrain(recipe, {.out = at("run")});
  std::ifstream in(at("run") / "summary.json");
  EXPECT_THAT(keys(json::parse(in)), UnorderedElementsAre("recipe", "seed", "seconds", "split", "mlm"));
}

TEST_F(Evaluate, OtherDataIsReadWithTheTokenizerOfTheRun) {
  const json own = summary_of("run", {});
  write_tiny_data(at("other"), {.vocabulary = "it is colour what the near circle square black blue green red a"});
  const json other = evaluated("run", at("other"));
  for (const char* key : {"retrieval", "vqa", "mlm"}) EXPECT_EQ(other[key], own[key]) << key;
}

TEST_F(Evaluate, OtherDataWithOtherAnswersIsNotAsked) {
  const json own = summary_of("run", {});
  write_tiny_data(at("other"), {.answers = {"no", "yes", "red"}});
  const json other = evaluated("run", at("other"));
  EXPECT_FALSE(other.contains("vqa"));
  EXPECT_EQ(other["retrieval"], own["retrieval"]);
  EXPECT_THAT(missing_, ElementsAre("answers: the run was trained on another list of answers"));
}

TEST_F(Evaluate, ClassesAreTheSameByName) {
  summary_of("run", {.kind = TinyKind::digits});
  const auto on = [&](const std::string& name, const std::vector<std::string>& classes) {
    write_tiny_data(at(name), {.kind = TinyKind::digits, .samples = 3, .classes = classes});
    return evaluated("run", at(name));
  };
  const json all = on("all", {"a", "b", "c", "d", "e", "f", "g", "h", "i"});
  EXPECT_THAT(keys(all["probe"]), UnorderedElementsAre("mnist", "spoken_digit"));
  EXPECT_EQ(on("some", {"c", "b", "a"}), all);
  EXPECT_TRUE(missing_.empty());
  const json unknown = on("unknown", {"x", "b", "y"});
  EXPECT_FALSE(unknown.contains("probe"));
  for (const char* key : {"retrieval", "right_class"}) EXPECT_EQ(unknown[key], all[key]) << key;
  EXPECT_THAT(missing_, ElementsAre("probe mnist: the run was not trained on the classes x, y",
                                    "probe spoken_digit: the run was not trained on the classes x, y"));
}

TEST_F(Evaluate, OtherDataWithSoundOfAnotherRateIsRefused) {
  summary_of("run", {}, {.only = "text"});
  write_tiny_data(at("other"), {.sample_rate = 16000});
  EXPECT_EQ(harness::message_of<IoError>([&] { evaluated("run", at("other")); }),
            at("other").string() + ": has sound of 16000 Hz, the data of the run, " + at("run-data").string() +
                ", of 8000 Hz\n  hint: build it with --sample-rate 8000, if its builder has that option");
}

TEST_F(Evaluate, OtherDataIsMeasuredForWhatItAllowsAndTheRestIsNamed) {
  summary_of("run", {});
  write_tiny_data(at("texts"), {.kind = TinyKind::text});
  EXPECT_THAT(keys(evaluated("run", at("texts"))), UnorderedElementsAre("split", "mlm"));
  EXPECT_THAT(missing_, ElementsAre("retrieval and probes: split 'test' has no column 'identity'",
                                    "answers: there is no split 'test_questions'"));
}

TEST_F(Evaluate, OtherDataWithOtherPicturesIsRefused) {
  summary_of("run", {}, {.only = "align"});
  data::DatasetWriter writer(at("grey"), "grey", {.generator = "test"});
  writer.split("test", {{"image", data::ElementType::u8, false, {1, 14, 14}}}).add({std::vector<uint8_t>(196)});
  writer.add_file("vocab.txt", "[PAD]\n[UNK]\n[CLS]\n[SEP]\n[MASK]\na\n");
  writer.set_attribute("tokenizer", std::string("vocab.txt"));
  writer.finish();
  EXPECT_EQ(harness::message_of<ConfigError>([&] { evaluated("run", at("grey")); }),
            at("grey").string() +
                ": pictures of 14×14 pixels and 1 channels, the run takes multiples of 4 pixels and 3 channels");
}

TEST_F(Evaluate, PartsWithOneModalityAreMeasuredForWhatTheyHave) {
  summary_of("run", {.kind = TinyKind::digits});
  write_tiny_data(at("pictures"), {.kind = TinyKind::digits, .held_out = "test_image"});
  EXPECT_EQ(evaluated("run", at("pictures"))["split"], "test_image");

  const LoadedRun run = load_run(at("run"));
  write_tiny_data(at("nothing"), {.kind = TinyKind::digits, .held_out = "other"});
  EXPECT_EQ(evaluated("run", at("nothing")), json::object());
  EXPECT_THAT(missing_, ElementsAre("anything: the data set has no held-out split, such as test or validation"));
}

}  // namespace
}  // namespace triad::train
