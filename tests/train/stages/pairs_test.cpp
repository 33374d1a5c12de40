// The contrastive loss of the alignment stage against its definition, with modalities missing.
#include "triad/train/stages/pairs.h"

#include <array>
#include <cmath>

#include <gtest/gtest.h>

#include "tests/harness/data_path.h"
#include "tests/harness/heap_watch.h"
#include "tests/train/loop/tiny_data.h"
#include "triad/autograd/autograd.h"
#include "triad/core/base/profile.h"
#include "triad/ops/registry/comparison.h"
#include "triad/train/loop/accumulate.h"
#include "triad/train/pretrain.h"
#include "triad/train/stages/task_schedule.h"

namespace triad::train {
namespace {

/// Embeddings of one modality, row by row, and whose they are.
struct Embedded {
  std::vector<std::vector<double>> rows;
  std::vector<int64_t> identities;
};

/// One side of the definition in f64: mean over the anchors in a that have positives in b.
double one_side(const Embedded& a, const Embedded& b, double scale) {
  double sum = 0, anchors = 0;
  for (size_t i = 0; i < a.rows.size(); ++i) {
    double exponentials = 0, positives = 0, count = 0;
    for (size_t j = 0; j < b.rows.size(); ++j) {
      double score = 0;
      for (size_t c = 0; c < a.rows[i].size(); ++c) score += scale * a.rows[i][c] * b.rows[j][c];
      exponentials += std::exp(score);
      if (a.identities[i] == b.identities[j]) positives += score, ++count;
    }
    if (count > 0) sum += std::log(exponentials) - positives / count, ++anchors;
  }
  return anchors > 0 ? sum / anchors : 0;
}

/// A data set, a model, and the alignment stage with everything in one batch.
class Alignment {
 public:
  explicit Alignment(Lacks lacks, PairWeights weights = {}) {
    write_tiny_data(folder_ / "data", {.lacks = lacks});
    recipe_ = tiny_recipe(folder_ / "data");
    recipe_.align.batch = 24;
    recipe_.align.pairs = weights;
    data_ = std::make_unique<TrainingData>(recipe_.data.dir, recipe_.model.text.max_positions);
    model_ = make_model(recipe_, *data_);
    stage_ = make_align_stage({recipe_, *data_, *model_, *comm_});
    stage_->load();
  }

  Model& model() { return *model_; }
  Stage& stage() { return *stage_; }

  /// The loss by the definition, sample after sample from the data set.
  double expected() const {
    std::array<Embedded, 3> all;  // image, text, speech
    const data::SplitReader& split = data_->split("train");
    for (int64_t i = 0; i < split.size(); ++i) {
      const data::Sample sample = split.read(i);
      const auto add = [&](size_t modality, const Tensor& embedding) {
        all[modality].rows.push_back(embedding.to_vector<double>());
        all[modality].identities.push_back(sample["identity"].scalar<int64_t>());
      };
      add(0, model_->embed_image(collate_images({sample["image"]}), {}));
      if (!sample["text"].bytes.empty()) {
        const TextBatch text = collate_text({data_->tokens(sample["text"])}, 0);
        add(1, model_->embed_text(text.ids_BT, text.mask_BT, {}));
      }
      if (!sample["audio"].bytes.empty()) {
        const SpeechBatch speech = collate_speech({data_->features(sample["audio"])});
        add(2, model_->embed_speech(speech.frames_BFM, speech.lengths_B, {}));
      }
    }
    const PairWeights& w = recipe_.align.pairs;
    double loss = 0, weights = 0;
    for (const auto& [a, b, weight] :
         {std::tuple<size_t, size_t, double>{0, 1, w.text_image}, {0, 2, w.speech_image}, {1, 2, w.text_speech}}) {
      if (all[a].rows.empty() || all[b].rows.empty()) continue;
      const double scale = std::exp(model_->log_scale.value().item());
      loss += weight * (one_side(all[a], all[b], scale) + one_side(all[b], all[a], scale)) / 2;
      weights += weight;
    }
    return weights > 0 ? loss / weights : 0;
  }

  void expect_loss_and_temperature_gradient(const std::string& what) {
    constexpr float kStep = 0.01f;
    const Tensor start = clone(model_->log_scale.value().detach());
    const auto at = [&](float shift) {
      model_->log_scale.assign("log_scale", full({}, start.item() + static_cast<double>(shift)));
      return expected();
    };
    const double slope = (at(kStep) - at(-kStep)) / (2.0 * static_cast<double>(kStep)), loss = at(0);
    for (const int64_t pieces : {1, 5}) {
      for (const NamedParameter& p : stage_->parameters()) set_grad(p.parameter->value(), {});
      EXPECT_NEAR(accumulate_gradients(*stage_, pieces, {}, *comm_).total, loss, 1e-5)
          << what << ", pieces: " << pieces;
      const Tensor gradient = grad(model_->log_scale.value());
      EXPECT_NEAR(gradient.defined() ? gradient.item() : 0, slope, 1e-3 * std::abs(slope))
          << what << ", pieces: " << pieces;
    }
  }

  /// Largest derivative of a parameter below a module.
  double reach(std::string_view module) {
    double largest = 0;
    for (const NamedParameter& p : stage_->parameters()) {
      const Tensor gradient = grad(p.parameter->value());
      if (!p.name.starts_with(module) || !gradient.defined()) continue;
      for (const double g : gradient.to_vector<double>()) largest = std::max(largest, std::abs(g));
    }
    return largest;
  }

 private:
  harness::TempFolder folder_;
  Recipe recipe_;
  std::unique_ptr<TrainingData> data_;
  std::unique_ptr<Model> model_;
  std::unique_ptr<comm::Communicator> comm_ = comm::make_single();
  std::unique_ptr<Stage> stage_;
};

bool some(int64_t sample, std::string_view column) {
  return (column == "text" && sample % 6 == 5) || (column == "audio" && sample % 5 == 2);
}

TEST(PairStage, ItsLossIsTheDefinitionOverThePairsThatAreThere) {
  Alignment([](int64_t, std::string_view) { return false; }).expect_loss_and_temperature_gradient("nothing is missing");
  Alignment some_missing(&some);
  some_missing.expect_loss_and_temperature_gradient("some texts and sounds are missing");
  for (const char* module : {"text", "image", "speech", "text_projection", "image_projection", "speech_projection"})
    EXPECT_GT(some_missing.reach(module), 0) << module;
}

TEST(PairStage, WeightsOfPairsAreShares) {
  Alignment(&some, {.text_image = 3, .speech_image = 1, .text_speech = 0.5})
      .expect_loss_and_temperature_gradient("weighted");
  Alignment(&some, {.text_image = 0, .speech_image = 2, .text_speech = 0})
      .expect_loss_and_temperature_gradient("one pair");
}

TEST(PairStage, AModalityThatIsNowhereInABatchTakesNoPart) {
  Alignment no_text([](int64_t, std::string_view column) { return column == "text"; });
  no_text.expect_loss_and_temperature_gradient("no text");
  EXPECT_EQ(no_text.reach("text"), 0);
  EXPECT_GT(no_text.reach("speech."), 0);
  EXPECT_GT(no_text.reach("image."), 0);
}

TEST(PairStage, PicturesAloneTeachNothingAndStopNothing) {
  Alignment pictures([](int64_t, std::string_view column) { return column != "image"; });
  pictures.expect_loss_and_temperature_gradient("pictures alone");
  EXPECT_EQ(pictures.reach(""), 0);
}

TEST(PairStage, KeepsTheTemperatureInBounds) {
  Alignment alignment(&some);
  alignment.model().log_scale.assign("log_scale", full({}, 7));
  alignment.stage().after_step();
  EXPECT_NEAR(alignment.model().log_scale.value().item(), std::log(100.0), 1e-6);
}

TEST(JointStage, ABatchHasWhatItsTasksLookAt) {
  const harness::TempFolder folder;
  write_tiny_data(folder / "data");
  Recipe recipe = tiny_recipe(folder / "data");
  recipe.joint.tasks.contrast.share = 0.4;
  recipe.joint.tasks.answer.share = 0.7;
  const TrainingData data(recipe.data.dir, recipe.model.text.max_positions);
  const std::unique_ptr<Model> model = make_model(recipe, data);
  const auto comm = comm::make_single();
  const std::unique_ptr<Stage> stage = make_joint_stage({recipe, data, *model, *comm});
  int alone[2] = {};
  for (int64_t step = 0; step < 30; ++step) {
    stage->load();
    const auto [contrasts, answers] = tasks_of_step<2>({0.4, 0.7}, recipe.train.seed, step);
    EXPECT_EQ(stage->contrasts(), contrasts) << step;
    EXPECT_EQ(stage->terms().size(), answers ? 1u : 0u) << step;
    const Forward forward = stage->forward(0, stage->size(), {});
    EXPECT_EQ(forward.sums.size(), answers ? 1u : 0u) << step;
    for (const Tensor& embeddings : forward.embeddings) EXPECT_EQ(embeddings.size(0) > 0, contrasts) << step;
    Profile profile;
    profile.start();
    const std::vector<Tensor> embedded = stage->embed(0, stage->size(), {});
    profile.stop();
    for (size_t kind = 0; kind < embedded.size(); ++kind)
      EXPECT_TRUE(ops::compare_bits(embedded[kind], forward.embeddings[kind]).passed) << step;
    for (const auto& [kernel, entry] : profile.entries()) EXPECT_FALSE(kernel.starts_with("cross_entropy")) << step;
    alone[0] += contrasts && !answers;
    alone[1] += answers && !contrasts;
  }
  EXPECT_GT(alone[0], 0);
  EXPECT_GT(alone[1], 0);
}

TEST(JointStage, ABatchReadsNoColumnThatItsTasksDoNotLookAt) {
  if (!harness::watches_heap()) GTEST_SKIP() << "a sanitizer has its own operator new";
  const harness::TempFolder folder;
  write_tiny_data(folder / "data");
  Recipe recipe = tiny_recipe(folder / "data");
  constexpr size_t kBlockOfSounds = 1 << 16;  // bytes that are decompressed at once; all the rest takes less
  for (const double share : {0.0, 1.0}) {
    recipe.joint.tasks.contrast.share = share;
    const TrainingData data(recipe.data.dir, recipe.model.text.max_positions);
    for (const char* split : {"train", "train_questions"}) data.split(split).open_shards();  // needs a buffer
    const std::unique_ptr<Model> model = make_model(recipe, data);
    harness::forget_heap_requests();
    const auto comm = comm::make_single();
    const std::unique_ptr<Stage> stage = make_joint_stage({recipe, data, *model, *comm});
    for (int step = 0; step < 3; ++step) stage->load();
    EXPECT_EQ(harness::largest_heap_request() >= kBlockOfSounds, share > 0) << share;
  }
}

}  // namespace
}  // namespace triad::train
