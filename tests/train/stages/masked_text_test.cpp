// Masked language modelling over whole batches.
#include <cmath>
#include <set>

#include <gtest/gtest.h>

#include "tests/harness/data_path.h"
#include "tests/train/loop/tiny_data.h"
#include "triad/autograd/autograd.h"
#include "triad/train/loop/accumulate.h"
#include "triad/train/pretrain.h"
#include "triad/train/stages/single_modality.h"

namespace triad::train {
namespace {

class MaskedText : public testing::Test {
 protected:
  MaskedText() {
    write_tiny_data(folder_ / "data");
    recipe_ = tiny_recipe(folder_ / "data");
    recipe_.text.batch = 24;  // all of the pool
  }

  harness::TempFolder folder_;
  Recipe recipe_;
  std::unique_ptr<comm::Communicator> comm_ = comm::make_single();
};

TEST_F(MaskedText, EveryEpochMasksAnew) {
  write_tiny_data(folder_ / "one", {.samples = 1});  // a single sentence: nothing else can differ from epoch to epoch
  Recipe recipe = tiny_recipe(folder_ / "one");
  recipe.text.batch = 1;
  const TrainingData data(recipe.data.dir, recipe.model.text.max_positions);
  const std::unique_ptr<Model> model = make_model(recipe, data);
  const auto losses = [&](uint64_t seed) {
    recipe.train.seed = seed;
    const std::unique_ptr<Stage> stage = make_text_stage({recipe, data, *model, *comm_});
    std::vector<double> all;
    for (int epoch = 0; epoch < 10; ++epoch) {
      stage->load();
      all.push_back(accumulate_gradients(*stage, 1, {}, *comm_).total);
    }
    return all;
  };
  const std::vector<double> once = losses(7);
  EXPECT_GT(std::set<double>(once.begin(), once.end()).size(), 3u);
  EXPECT_EQ(losses(7), once);
  EXPECT_NE(losses(8), once);
}

TEST_F(MaskedText, TheShareIsTakenOfEverySentence) {
  const TrainingData data(recipe_.data.dir, recipe_.model.text.max_positions);
  const std::unique_ptr<Model> model = make_model(recipe_, data);
  for (const double share : {0.15, 0.5}) {
    recipe_.text.masked = share;
    const std::unique_ptr<Stage> stage = make_text_stage({recipe_, data, *model, *comm_});
    stage->load();
    double expected = 0;
    const data::SplitReader& pool = data.split("pool_text");
    for (int64_t i = 0; i < pool.size(); ++i) {
      const double words = static_cast<double>(data.tokens(pool.read(i, "text")).size()) - 2;
      expected += words == 0 ? 0 : std::max(1.0, std::round(share * words));
    }
    EXPECT_GT(expected, 0);
    EXPECT_EQ(stage->terms().at(0).count, expected) << share;
  }
}

TEST_F(MaskedText, APieceOfEmptySentencesTeachesNothingAndStopsNothing) {
  const TrainingData data(recipe_.data.dir, recipe_.model.text.max_positions);
  const auto run = [&](int64_t pieces) {
    const std::unique_ptr<Model> model = make_model(recipe_, data);
    const std::unique_ptr<Stage> stage = make_text_stage({recipe_, data, *model, *comm_});
    stage->load();
    const double loss = accumulate_gradients(*stage, pieces, {}, *comm_).total;
    return std::pair(loss, grad(model->text.tokens.weight.value()).to_vector<float>());
  };
  const auto [whole_loss, whole] = run(1);
  const auto [cut_loss, cut] = run(24);
  EXPECT_NEAR(cut_loss, whole_loss, 1e-6 * whole_loss);
  for (size_t i = 0; i < whole.size(); ++i) EXPECT_NEAR(cut[i], whole[i], 1e-6f);
}

}  // namespace
}  // namespace triad::train
