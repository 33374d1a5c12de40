#include "triad/bench/steps/training_step.h"

#include <algorithm>
#include <functional>
#include <utility>

#include "triad/autograd/autograd.h"
#include "triad/bench/steps/align_step.h"
#include "triad/bench/steps/image_step.h"
#include "triad/bench/steps/speech_step.h"
#include "triad/bench/steps/text_step.h"
#include "triad/core/base/join.h"

namespace triad::bench {
namespace {

constexpr double kLearningRate = 1e-4;
constexpr optim::OptimizerOptions kAdamW{.beta1 = 0.9, .beta2 = 0.999, .weight_decay = 0.01, .clip_norm = 1};

using Maker = std::function<std::unique_ptr<StepModel>(double dropout, RandomKey key)>;

const std::vector<std::pair<std::string, Maker>>& makers() {
  static const std::vector<std::pair<std::string, Maker>> all = {
      {"text-mini", [](double dropout,
                       RandomKey key) { return std::make_unique<TextStep>(TextStepOptions{.dropout = dropout}, key); }},
      {"image-6x192",
       [](double dropout, RandomKey key) {
         return std::make_unique<ImageStep>(ImageStepOptions{.dropout = dropout}, key);
       }},
      {"speech-256", [](double, RandomKey key) { return std::make_unique<SpeechStep>(key); }},
      {"align", [](double dropout, RandomKey key) { return std::make_unique<AlignStep>(dropout, key); }},
      {"text-base",
       [](double dropout, RandomKey key) {
         const TextStepOptions options{.layers = 12, .width = 768, .vocabulary = 30522, .batch = 4, .dropout = dropout};
         return std::make_unique<TextStep>(options, key);
       }},
      {"vit-b16", [](double dropout, RandomKey key) {
         const ImageStepOptions options{.layers = 12,
                                        .width = 768,
                                        .heads = 12,
                                        .side = 224,
                                        .patch = 16,
                                        .batch = 4,
                                        .classes = 1000,
                                        .dropout = dropout};
         return std::make_unique<ImageStep>(options, key);
       }}};
  return all;
}

std::unique_ptr<StepModel> make_model(const std::string& wanted, double dropout, RandomKey key) {
  const auto found = std::ranges::find(makers(), wanted, &std::pair<std::string, Maker>::first);
  if (found != makers().end()) return found->second(dropout, key);
  fail<ValueError>("bench steps", "no step '", wanted, "'",
                   Hint{"there are " + join(makers(), &std::pair<std::string, Maker>::first)});
}

}  // namespace

std::vector<std::string> training_step_names() {
  std::vector<std::string> names;
  for (const auto& [name, make] : makers()) names.push_back(name);
  return names;
}

TrainingStep::TrainingStep(const std::string& name, DType dtype, double dropout, uint64_t seed)
    : model_(make_model(name, dropout, RandomKey{.seed = seed})),
      arena_(nn::parameters_of(*model_)),
      optimizer_(arena_, kAdamW),
      dtype_(dtype),
      key_{.seed = seed} {}

double TrainingStep::run() {
  ++key_.step;
  arena_.zero_gradients();
  const Tensor loss = model_->loss({.training = true, .key = key_.at("loss"), .dtype = dtype_});
  backward(loss);
  optimizer_.step(kLearningRate);
  return loss.item();
}

int64_t TrainingStep::parameters() const {
  int64_t total = 0;
  for (const optim::Arena::Slice& slice : arena_.slices()) total += slice.numel;
  return total;
}

}  // namespace triad::bench
