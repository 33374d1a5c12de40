#include "triad/train/config/recipe.h"

#include <algorithm>
#include <sstream>

#include "triad/core/cpu/multiply_bf16.h"
#include "triad/data/formats/durable_file.h"
#include "triad/data/text/utf8.h"
#include "triad/train/config/binder.h"

namespace triad::train {
namespace {

template <class T>
void require_positive(Binder& b, std::string_view key, T value) {
  if (!(value > 0)) b.refuse(key, value, " is not positive");
}
void require_share(Binder& b, std::string_view key, double value) {
  if (!(value >= 0 && value < 1)) b.refuse(key, value, " is outside of [0, 1)");
}
template <class T>
void require_not_negative(Binder& b, std::string_view key, T value) {
  if (value < 0) b.refuse(key, value, " is negative");
}
void require_heads(Binder& b, int64_t width, int64_t heads) {
  if (heads <= 0 || width % heads != 0) b.refuse("heads", heads, " heads do not divide a width of ", width);
}

/// Runs are folders of that name and a time.
void require_file_name(Binder& b, std::string_view key, const std::string& name) {
  const auto is_control = [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; };
  if (name.starts_with('.') || name.find('/') != name.npos || std::ranges::any_of(name, is_control))
    b.refuse(key, "cannot be part of the name of a folder: it begins with '.', or has '/' or a control character");
}

}  // namespace

void bind(Binder& b, optim::Schedule& s) {
  b("shape", s.shape);
  b("peak", s.peak);
  b("floor", s.floor);
  b("warmup_steps", s.warmup_steps);
  b("cooldown_steps", s.cooldown_steps);
  if (s.shape == optim::ScheduleShape::cosine && s.cooldown_steps != 0)
    b.refuse("cooldown_steps", "a cosine has no cooldown; take shape: constant");
  require_positive(b, "peak", s.peak);
  if (!(s.floor >= 0 && s.floor <= 1)) b.refuse("floor", s.floor, " is no share of the peak, from 0 to 1");
  require_not_negative(b, "warmup_steps", s.warmup_steps);
  require_not_negative(b, "cooldown_steps", s.cooldown_steps);
}

void bind(Binder& b, optim::OptimizerOptions& o) {
  b("kind", o.kind);
  b("beta1", o.beta1);
  b("beta2", o.beta2);
  b("eps", o.eps);
  b("momentum", o.momentum);
  b("weight_decay", o.weight_decay);
  b("clip_norm", o.clip_norm);
  require_share(b, "beta1", o.beta1);
  require_share(b, "beta2", o.beta2);
  require_positive(b, "eps", o.eps);
  require_share(b, "momentum", o.momentum);
  require_not_negative(b, "weight_decay", o.weight_decay);
  require_not_negative(b, "clip_norm", o.clip_norm);
}

namespace {

void bind_stage(Binder& b, StageOptions& s) {
  b("steps", s.steps);
  b("batch", s.batch);
  b("micro_batches", s.micro_batches);
  b("schedule", s.schedule);
  b("optimizer", s.optimizer);
  require_not_negative(b, "steps", s.steps);
  require_positive(b, "batch", s.batch);
  if (s.micro_batches < 1 || s.batch % s.micro_batches != 0)
    b.refuse("micro_batches", s.micro_batches, " does not divide a batch of ", s.batch);
  s.schedule.total_steps = s.steps;
  if (s.steps > 0 && s.schedule.warmup_steps + s.schedule.cooldown_steps > s.steps)
    b.refuse("schedule", s.schedule.warmup_steps, " warm-up and ", s.schedule.cooldown_steps,
             " cooldown steps do not fit into ", s.steps, " steps");
}

}  // namespace

void bind(Binder& b, TextStageOptions& s) {
  bind_stage(b, s);
  b("masked", s.masked);
  require_positive(b, "masked", s.masked);
  require_share(b, "masked", s.masked);
}

void bind(Binder& b, ImageStageOptions& s) {
  bind_stage(b, s);
  b("hidden", s.hidden);
  require_positive(b, "hidden", s.hidden);
  require_share(b, "hidden", s.hidden);
}

void bind(Binder& b, SpeechStageOptions& s) {
  bind_stage(b, s);
  b("distances", s.distances);
  b("frame_weight", s.frame_weight);
  b("feature_weight", s.feature_weight);
  require_positive(b, "distances", s.distances);
  require_not_negative(b, "frame_weight", s.frame_weight);
  require_not_negative(b, "feature_weight", s.feature_weight);
  if (s.frame_weight == 0 && s.feature_weight == 0)
    b.refuse("frame_weight", "both weights are 0: there is nothing to learn");
}

void bind(Binder& b, PairWeights& w) {
  b("text_image", w.text_image);
  b("speech_image", w.speech_image);
  b("text_speech", w.text_speech);
  require_not_negative(b, "text_image", w.text_image);
  require_not_negative(b, "speech_image", w.speech_image);
  require_not_negative(b, "text_speech", w.text_speech);
}

namespace {

void bind_pairs(Binder& b, PairWeights& w) {
  b("pairs", w);
  if (w.text_image == 0 && w.speech_image == 0 && w.text_speech == 0)
    b.refuse("pairs", "all weights are 0: there is no pair to learn from");
}

}  // namespace

void bind(Binder& b, AlignStageOptions& s) {
  bind_stage(b, s);
  bind_pairs(b, s.pairs);
}

namespace {

void bind_task(Binder& b, TaskOptions& t) {
  b("weight", t.weight);
  b("share", t.share);
  require_not_negative(b, "weight", t.weight);
  if (!(t.share > 0 && t.share <= 1)) b.refuse("share", t.share, " is outside of (0, 1]");
}

}  // namespace

void bind(Binder& b, ContrastTaskOptions& t) {
  bind_task(b, t);
  bind_pairs(b, t.pairs);
}

void bind(Binder& b, AnswerTaskOptions& t) {
  bind_task(b, t);
  b("questions", t.questions);
  require_positive(b, "questions", t.questions);
}

void bind(Binder& b, JointTasks& t) {
  b("contrast", t.contrast);
  b("answer", t.answer);
  if (t.contrast.weight == 0 && t.answer.weight == 0)
    b.refuse("contrast", "both tasks have weight 0: there is nothing to learn");
}

void bind(Binder& b, JointStageOptions& s) {
  bind_stage(b, s);
  b("tasks", s.tasks);
}

void bind(Binder& b, nn::TextEncoderOptions& o) {
  std::string preset;
  if (b.has("preset")) {
    b("preset", preset);
    try {
      o = nn::bert_preset(preset);
    } catch (const ValueError& e) {
      b.refuse("preset", e.what());
    }
  }
  b("width", o.width);
  b("layers", o.layers);
  b("heads", o.heads);
  b("hidden", o.hidden);
  b("max_positions", o.max_positions);
  b("pooling", o.pooling);
  b("dropout", o.dropout);
  b("attention_dropout", o.attention_dropout);
  b("initial_stddev", o.initial_stddev);
  require_positive(b, "width", o.width);
  require_positive(b, "layers", o.layers);
  require_positive(b, "hidden", o.hidden);
  if (o.max_positions < 3) b.refuse("max_positions", o.max_positions, " leaves no room between [CLS] and [SEP]");
  require_positive(b, "initial_stddev", o.initial_stddev);
  require_heads(b, o.width, o.heads);
  require_share(b, "dropout", o.dropout);
  require_share(b, "attention_dropout", o.attention_dropout);
}

void bind(Binder& b, nn::ImageEncoderOptions& o) {
  constexpr size_t kMostConvolutions = 12;  // tokens of 4096×4096 pixels
  b("image_channels", o.image_channels);
  b("stem_channels", o.stem_channels);
  b("width", o.width);
  b("layers", o.layers);
  b("heads", o.heads);
  b("hidden", o.hidden);
  b("dropout", o.dropout);
  b("initial_stddev", o.initial_stddev);
  b("residual_gain", o.residual_gain);
  if (o.image_channels != 1 && o.image_channels != 3)
    b.refuse("image_channels", o.image_channels, " is neither 1 nor 3");
  if (o.stem_channels.empty() || o.stem_channels.size() > kMostConvolutions)
    b.refuse("stem_channels", o.stem_channels.size(), " convolutions, expected 1 to ", kMostConvolutions);
  for (const int64_t channels : o.stem_channels) require_positive(b, "stem_channels", channels);
  if (o.width <= 0 || o.width % 4 != 0) b.refuse("width", o.width, " is not a positive multiple of 4");
  require_positive(b, "layers", o.layers);
  require_positive(b, "hidden", o.hidden);
  require_positive(b, "initial_stddev", o.initial_stddev);
  require_not_negative(b, "residual_gain", o.residual_gain);
  require_heads(b, o.width, o.heads);
  require_share(b, "dropout", o.dropout);
}

void bind(Binder& b, nn::SpeechEncoderOptions& o) {
  b("mels", o.mels);
  b("channels", o.channels);
  b("first_stride", o.first_stride);
  b("second_stride", o.second_stride);
  b("hidden", o.hidden);
  b("layers", o.layers);
  b("dropout", o.dropout);
  for (const auto& [key, value] : {std::pair{"mels", o.mels},
                                   {"channels", o.channels},
                                   {"first_stride", o.first_stride},
                                   {"second_stride", o.second_stride},
                                   {"layers", o.layers}})
    require_positive(b, key, value);
  if (o.hidden <= 0 || o.hidden % (kSpeechPoolHeads / 2) != 0)
    b.refuse("hidden", o.hidden, " is not a positive multiple of ", kSpeechPoolHeads / 2);
  require_share(b, "dropout", o.dropout);
}

void bind(Binder& b, FusionOptions& o) {
  b("layers", o.layers);
  b("heads", o.heads);
  b("hidden", o.hidden);
  b("dropout", o.dropout);
  require_positive(b, "layers", o.layers);
  require_positive(b, "heads", o.heads);
  require_positive(b, "hidden", o.hidden);
  require_share(b, "dropout", o.dropout);
}

void bind(Binder& b, ModelOptions& o) {
  b("shared_width", o.shared_width);
  b("initial_temperature", o.initial_temperature);
  b("text", o.text);
  b("image", o.image);
  b("speech", o.speech);
  b("fusion", o.fusion);
  require_positive(b, "shared_width", o.shared_width);
  if (!(o.initial_temperature >= 0.01 && o.initial_temperature <= 1))
    b.refuse("initial_temperature", o.initial_temperature, " is outside of [0.01, 1]");
  if (o.text.width % o.fusion.heads != 0)
    b.refuse("fusion", o.fusion.heads, " heads do not divide the width of the text encoder, ", o.text.width);
}

namespace {

struct BuildOptions {
  const std::vector<data::BuilderOption>& known;
  data::Attributes& values;
};

void bind(Binder& b, BuildOptions& o) {
  for (const data::BuilderOption& option : o.known) {
    if (b.has(option.name)) o.values[option.name] = option.value;
    const auto value = o.values.find(option.name);
    if (value != o.values.end()) std::visit([&](auto& typed) { b(option.name, typed); }, value->second);
    else b.allow(option.name);
  }
}

/// The options of the builder of this name; none for a data set that is only read.
const std::vector<data::BuilderOption>& builder_options(const std::string& name) {
  static const std::vector<data::BuilderOption> none;
  const auto builder = std::ranges::find(data::all_builders(), name, &data::Builder::name);
  return builder != data::all_builders().end() ? builder->options : none;
}

[[noreturn]] void refuse_unknown_data(const Binder& b, const std::string& name) {
  std::vector<std::string> names;
  for (const data::Builder& builder : data::all_builders()) names.push_back(builder.name);
  b.refuse("name", "unknown data set '", name, "', which cannot be built", Hint{suggestion(name, names)});
}

}  // namespace

void bind(Binder& b, DataOptions& o) {
  b("name", o.name);
  b("dir", o.dir);
  BuildOptions build{builder_options(o.name), o.build};
  if (build.known.empty() && b.has_section("build")) refuse_unknown_data(b, o.name);
  b("build", build);
  b("split", o.split);
  b("loader_threads", o.loader_threads);
  if (o.name.empty()) b.refuse("name", "missing: the name of a data set", Hint{"`triad data list` shows them"});
  if (o.dir.empty()) b.refuse("dir", "missing: the folder of the data set");
  if (o.split == "train" || o.split.starts_with("pool_"))
    b.refuse("split", "'", o.split, "' is trained on", Hint{"test or validation"});
  if (o.loader_threads < 1 || o.loader_threads > 256)
    b.refuse("loader_threads", o.loader_threads, " threads, expected 1 to 256");
}

namespace {

DType settled(DTypeChoice choice) {
  if (choice == DTypeChoice::automatic) return cpu::has_bf16_pairs() ? DType::bf16 : DType::f32;
  return choice == DTypeChoice::bf16 ? DType::bf16 : DType::f32;
}

}  // namespace

void bind(Binder& b, TrainOptions& o) {
  DTypeChoice dtype = o.dtype == DType::bf16 ? DTypeChoice::bf16 : DTypeChoice::f32;
  b("seed", o.seed);
  b("max_steps", o.max_steps);
  b("dtype", dtype);
  b("log_every", o.log_every);
  o.dtype = settled(dtype);
  require_not_negative(b, "max_steps", o.max_steps);
  require_positive(b, "log_every", o.log_every);
}

void bind(Binder& b, ParallelOptions& o) {
  b("zero", o.zero);
  b("wire", o.wire);
  b("bucket_mb", o.bucket_mb);
  b("check_every", o.check_every);
  if (o.zero < 0 || o.zero > 2) b.refuse("zero", o.zero, ": there are 0, 1 and 2");
  require_positive(b, "bucket_mb", o.bucket_mb);
  require_not_negative(b, "check_every", o.check_every);
}

void bind(Binder& b, CheckpointOptions& o) {
  b("every", o.every);
  b("keep", o.keep);
  require_not_negative(b, "every", o.every);
  require_positive(b, "keep", o.keep);
}

namespace {

struct Stages {
  Recipe& recipe;
};

void bind(Binder& b, Stages& s) {
  b("text", s.recipe.text);
  b("image", s.recipe.image);
  b("speech", s.recipe.speech);
  b("align", s.recipe.align);
  b("joint", s.recipe.joint);
}

}  // namespace

void bind(Binder& b, Recipe& r) {
  Stages stages{r};
  b("name", r.name);
  b("data", r.data);
  b("model", r.model);
  b("stages", stages);
  b("train", r.train);
  b("checkpoint", r.checkpoint);
  b("parallel", r.parallel);
  if (r.name.empty()) b.refuse("name", "missing: a name for runs of this recipe");
  require_file_name(b, "name", r.name);
  if (r.data.name.empty()) b.refuse("data", "missing: the data set to train on");
}

int64_t steps_to_train(const Recipe& recipe, std::string_view stage) {
  const int64_t steps = stage_options(recipe, stage).steps, cap = recipe.train.max_steps;
  return cap > 0 ? std::min(cap, steps) : steps;
}

const StageOptions& stage_options(const Recipe& r, std::string_view stage) {
  const std::array<const StageOptions*, 5> all = {&r.text, &r.image, &r.speech, &r.align, &r.joint};
  for (size_t i = 0; i < all.size(); ++i) {
    if (kStageNames[i] == stage) return *all[i];
  }
  fail<ValueError>("stage_options", "no stage '", stage, "', expected text, image, speech, align or joint");
}

namespace {

/// root[a][b] = c for "a.b=c". Later keys of the path replace whatever stood there; the binder judges the result.
void apply_override(YAML::Node root, const std::string& assignment) {
  const size_t equals = assignment.find('=');
  if (equals == std::string::npos || equals == 0)
    fail<ConfigError>("--set " + assignment, "expected key=value, such as train.max_steps=10");
  require<ConfigError>(data::find_invalid_utf8(assignment) < 0, "--set " + assignment, "not UTF-8");
  std::istringstream path(assignment.substr(0, equals));
  YAML::Node node;
  node.reset(root);
  std::string key, next;
  std::getline(path, key, '.');
  while (std::getline(path, next, '.')) {
    YAML::Node inner = node[key];
    if (!inner.IsMap()) {
      inner = YAML::Node(YAML::NodeType::Map);
      node[key] = inner;
    }
    node.reset(inner);
    key = next;
  }
  try {
    node[key] = YAML::Load(assignment.substr(equals + 1));
  } catch (const YAML::Exception& e) {
    fail<ConfigError>("--set " + assignment, e.what());
  }
}

/// Texts of a recipe go into JSON and HTML, which take nothing but UTF-8.
void check_utf8(const std::filesystem::path& file, const std::string& content) {
  const int64_t invalid = data::find_invalid_utf8(content);
  if (invalid < 0) return;
  fail<ConfigError>(str(file.string(), ":", 1 + std::count(content.begin(), content.begin() + invalid, '\n')),
                    "not UTF-8", Hint{"convert it: iconv -f LATIN1 -t UTF-8"});
}

}  // namespace

Recipe read_recipe(const std::filesystem::path& file, const std::vector<std::string>& overrides) {
  constexpr int64_t kMaxBytes = 1 << 20;
  YAML::Node root;
  try {
    const std::string content = data::read_whole_file(file, kMaxBytes);
    check_utf8(file, content);
    root = YAML::Load(content);
  } catch (const IoError& e) {
    fail<ConfigError>(file.string(), "cannot be read: ", e.what(),
                      Hint{"recipes lie in configs/, such as configs/demo.yaml"});
  } catch (const YAML::Exception& e) {
    fail<ConfigError>(str(file.string(), ":", e.mark.line + 1), e.msg);
  }
  require<ConfigError>(root.IsMap(), file.string(), "expected keys with values");
  for (const std::string& assignment : overrides) apply_override(root, assignment);
  Recipe recipe;
  const Origin origin{file.string(), overrides};
  Binder binder(Binder::Mode::read, root, origin, "");
  bind(binder, recipe);
  binder.finish();
  return recipe;
}

std::string write_recipe(Recipe recipe) {
  YAML::Node root(YAML::NodeType::Map);
  const Origin nowhere;
  Binder binder(Binder::Mode::write, root, nowhere, "");
  bind(binder, recipe);
  YAML::Emitter out;
  out << root;
  return std::string(out.c_str()) + "\n";
}

}  // namespace triad::train
