#include "triad/train/evaluate/answers.h"

#include <gtest/gtest.h>

#include "tests/harness/data_path.h"
#include "tests/train/loop/tiny_data.h"
#include "triad/autograd/grad_mode.h"
#include "triad/ops/reduce/extremum.h"
#include "triad/train/pretrain.h"

namespace triad::train {
namespace {

class Answers : public testing::Test {
 protected:
  Answers() {
    write_tiny_data(folder_ / "data");
    Recipe recipe = tiny_recipe(folder_ / "data");
    data_ = std::make_unique<TrainingData>(recipe.data.dir, recipe.model.text.max_positions);
    model_ = make_model(recipe, *data_);
  }

  harness::TempFolder folder_;
  std::unique_ptr<TrainingData> data_;
  std::unique_ptr<Model> model_;
};

TEST_F(Answers, EveryQuestionIsAnsweredAsIfItWereAlone) {
  const NoGrad no_tape;
  const AnswerAccuracy all = *answer_questions(*model_, *data_, *data_, "test");
  const data::SplitReader &questions = data_->split("test_questions"), &pictures = data_->split("test");
  ASSERT_EQ(std::ssize(all.guesses), questions.size());
  int64_t right = 0;
  for (int64_t i = 0; i < questions.size(); ++i) {
    const data::Sample question = questions.read(i);
    const TextBatch text = collate_text({data_->tokens(question["text"])}, 0);
    const Tensor picture = collate_images({pictures.read(question["sample"].scalar<int64_t>(), "image")});
    const nn::Memory memory{.values_PSC = model_->image.forward(picture, {}), .rows_B = from_values<int64_t>({0}, {1})};
    const Tensor logits =
        model_->answer->forward(model_->text.forward(text.ids_BT, text.mask_BT, {}), text.mask_BT, memory, {});
    const int64_t guess = ops::argmax(logits, -1).to_vector<int64_t>()[0];
    EXPECT_EQ(all.guesses[static_cast<size_t>(i)], guess) << i;
    right += guess == question["answer"].scalar<int64_t>();
  }
  EXPECT_DOUBLE_EQ(all.all.accuracy, static_cast<double>(right) / static_cast<double>(questions.size()));
}

TEST_F(Answers, TheBaselinesAreThoseOfTheTrainingQuestions) {
  // Of 24 samples, "is it red" is answered by i % 3 and "what colour" by (i + 1) % 3: each answer is right for a third,
  // whoever guesses without the picture.
  const AnswerAccuracy all = *answer_questions(*model_, *data_, *data_, "test");
  EXPECT_EQ(all.all.asked, 48);
  EXPECT_DOUBLE_EQ(all.all.question_only, 1.0 / 3);
  EXPECT_DOUBLE_EQ(all.all.majority, 1.0 / 3);
  ASSERT_EQ(all.by_type.size(), 2u);
  for (const auto& [type, shares] : all.by_type) {
    EXPECT_EQ(shares.asked, 24) << type;
    EXPECT_DOUBLE_EQ(shares.question_only, 1.0 / 3) << type;
  }
}

TEST(Baselines, KnowWhatAQuestionIsUsuallyAnswered) {
  // Trained on 4 samples: "is it red" → 0 1 2 0, "what colour" → 1 2 0 1. Their favourites are 0 and 1; 0 comes first of
  // all. Asked about 5: 0 1 2 0 1 and 1 2 0 1 2, of which 2 and 2 are as usual, and 3 are 0.
  harness::TempFolder folder;
  write_tiny_data(folder / "few", {.samples = 4});
  write_tiny_data(folder / "asked", {.samples = 5});
  Recipe recipe = tiny_recipe(folder / "few");
  const TrainingData few(folder / "few", 16), asked(folder / "asked", few);
  const std::unique_ptr<Model> model = make_model(recipe, few);
  const AnswerAccuracy all = *answer_questions(*model, few, asked, "test");
  EXPECT_DOUBLE_EQ(all.all.question_only, 0.4);
  EXPECT_DOUBLE_EQ(all.all.majority, 0.3);
  EXPECT_DOUBLE_EQ(all.by_type.at("exists").question_only, 0.4);
  EXPECT_DOUBLE_EQ(all.by_type.at("colour").majority, 0.2);
}

}  // namespace
}  // namespace triad::train
