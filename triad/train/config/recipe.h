// A recipe: everything that decides the outcome of a run, as read from a file in configs/.
#pragma once

#include <array>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "triad/core/base/dtype.h"
#include "triad/data/build/builder.h"
#include "triad/nn/encoders/image_encoder.h"
#include "triad/nn/encoders/speech_encoder.h"
#include "triad/nn/encoders/text_encoder.h"
#include "triad/optim/optimizer.h"
#include "triad/optim/schedule.h"
#include "triad/train/config/enum_names.h"

namespace triad::train {

/// What every stage has. The schedule runs over `steps`; train.max_steps only stops it early.
struct StageOptions {
  int64_t steps = 0;          ///< optimizer steps; 0 leaves the stage out
  int64_t batch = 64;         ///< samples a step
  int64_t micro_batches = 1;  ///< pieces a batch is cut into; the result is the same, memory is not
  optim::Schedule schedule;
  optim::OptimizerOptions optimizer;
};

struct TextStageOptions : StageOptions {
  double masked = 0.15;  ///< share of tokens to predict
};
struct ImageStageOptions : StageOptions {
  double hidden = 0.6;  ///< share of tokens to hide
};
struct SpeechStageOptions : StageOptions {
  int64_t distances = 4;  ///< of the contrastive prediction, in steps
  double frame_weight = 1;
  double feature_weight = 1;
};
/// Weights of the pairs of modalities in the contrastive loss; 0 leaves a pair out.
struct PairWeights {
  double text_image = 1;
  double speech_image = 1;
  double text_speech = 1;
};
struct AlignStageOptions : StageOptions {
  PairWeights pairs;
};
/// A task of the joint stage. Which steps it takes part in is drawn from the seed and the step (task_schedule.h).
struct TaskOptions {
  double weight = 1;  ///< of its loss
  double share = 1;   ///< of the steps, in (0, 1]
};
struct ContrastTaskOptions : TaskOptions {
  PairWeights pairs;
};
struct AnswerTaskOptions : TaskOptions {
  int64_t questions = 2;  ///< about each picture of a batch
};
struct JointTasks {
  ContrastTaskOptions contrast;
  AnswerTaskOptions answer;  ///< takes no part where the data has no questions
};
struct JointStageOptions : StageOptions {
  JointTasks tasks;
};

/// Of the attention that pools the steps of an utterance, whose width is twice model.speech.hidden.
inline constexpr int64_t kSpeechPoolHeads = 4;

struct FusionOptions {
  int64_t layers = 2;
  int64_t heads = 4;
  int64_t hidden = 512;
  double dropout = 0;
};

struct ModelOptions {
  int64_t shared_width = 128;
  double initial_temperature = 0.07;
  nn::TextEncoderOptions text;
  nn::ImageEncoderOptions image;
  nn::SpeechEncoderOptions speech;
  FusionOptions fusion;
};

struct DataOptions {
  std::string name;            ///< a data set `triad data list` knows
  std::filesystem::path dir;   ///< where it lies; it is built there if nothing does
  data::Attributes build;      ///< options of its builder that the recipe decides on, by their names
  std::string split = "test";  ///< held-out samples to measure on; "validation" while choices depend on the result
  int64_t loader_threads = 1;
};

/// What `train.dtype` can say. `automatic` stands for bf16 where the processor multiplies it by an instruction of its own,
/// elsewhere for f32: without one bf16 takes ten times as long as f32.
enum class DTypeChoice { f32, bf16, automatic };

struct TrainOptions {
  uint64_t seed = 0;
  int64_t max_steps = 0;     ///< caps each stage; 0 means no cap
  DType dtype = DType::f32;  ///< of the computation; never "auto", which is settled when the recipe is read
  int64_t log_every = 10;
};

struct CheckpointOptions {
  int64_t every = 0;  ///< steps; 0 means at the end of each stage only
  int64_t keep = 2;   ///< how many of a stage stay
};

/// What gradients travel as between ranks.
enum class Wire { f32, bf16 };

/// How a run is spread over ranks. How many there are is up to whoever starts it.
struct ParallelOptions {
  int64_t zero =
      0;  ///< 1: each rank keeps the state of the optimizer for its part of the parameters only; 2: gradients too
  Wire wire = Wire::f32;      ///< bf16: half the bytes, each rank's gradients rounded, added in f32
  double bucket_mb = 25;      ///< gradients that are reduced together
  int64_t check_every = 500;  ///< steps after which ranks compare their parameters; 0: never
};

struct Recipe {
  std::string name;
  DataOptions data;
  ModelOptions model;
  TextStageOptions text;
  ImageStageOptions image;
  SpeechStageOptions speech;
  AlignStageOptions align;
  JointStageOptions joint;
  TrainOptions train;
  CheckpointOptions checkpoint;
  ParallelOptions parallel;
};

/// The stages in the order they run, by their names in recipes, commands and run directories.
inline constexpr std::array<std::string_view, 5> kStageNames = {"text", "image", "speech", "align", "joint"};
const StageOptions& stage_options(const Recipe& recipe, std::string_view stage);
/// Steps that a stage is trained for: its own, capped by train.max_steps.
int64_t steps_to_train(const Recipe& recipe, std::string_view stage);

/// Reads `file` with overrides "a.b=c" on top. ConfigError naming file, line and key where it cannot be read, is not UTF-8
/// or not valid YAML, has unknown keys, values of another type or outside their domain.
Recipe read_recipe(const std::filesystem::path& file, const std::vector<std::string>& overrides = {});
/// The recipe with all defaults filled in, as YAML that read_recipe() reads back to the same recipe.
std::string write_recipe(Recipe recipe);

template <>
struct EnumNames<nn::TextPooling> {
  static constexpr std::array<std::string_view, 2> names = {"mean", "cls"};
};
template <>
struct EnumNames<optim::OptimizerOptions::Kind> {
  static constexpr std::array<std::string_view, 3> names = {"adamw", "lamb", "sgd"};
};
template <>
struct EnumNames<optim::ScheduleShape> {
  static constexpr std::array<std::string_view, 2> names = {"cosine", "constant"};
};
template <>
struct EnumNames<Wire> {
  static constexpr std::array<std::string_view, 2> names = {"f32", "bf16"};
};
template <>
struct EnumNames<DTypeChoice> {
  static constexpr std::array<std::string_view, 3> names = {"f32", "bf16", "auto"};
};

}  // namespace triad::train
