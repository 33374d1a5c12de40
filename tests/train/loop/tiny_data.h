// A data set of a few samples with all modalities, and a recipe that fits it, for tests of training.
#pragma once

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <string>
#include <vector>

#include "triad/core/base/philox.h"
#include "triad/data/shards/dataset_writer.h"
#include "triad/train/config/recipe.h"

namespace triad::train {

/// Like the data set of that name: `digits` has labels and no questions; `text` has nothing but text.
enum class TinyKind { scenes, digits, text };

/// Whether a sample lacks "text" or "audio"; a text of the pool is empty then.
using Lacks = bool (*)(int64_t sample, std::string_view column);

inline bool lacks_some_texts(int64_t sample, std::string_view column) { return column == "text" && sample % 6 == 5; }

struct TinyOptions {
  TinyKind kind = TinyKind::scenes;
  uint64_t seed = 3;
  int64_t samples = 24;
  int64_t sample_rate = 8000;
  Lacks lacks = &lacks_some_texts;
  std::string held_out = "test";  ///< name of the split that is not trained on
  std::string vocabulary = "a red green blue black square circle near the what colour is it";
  std::vector<std::string> answers = {"yes", "no", "red"};
  /// Of digits: names of the labels. A sample of identity 2 is a "c", wherever that stands.
  std::vector<std::string> classes = {"a", "b", "c", "d", "e", "f", "g", "h", "i"};
};

/// Pools, "train", and held-out samples.
inline void write_tiny_data(const std::filesystem::path& folder, const TinyOptions& options = {}) {
  using data::ElementType;
  const std::vector<std::string> colours = {"red", "green", "blue", "black"};
  const data::ColumnSpec image{"image", ElementType::u8, false, {3, 16, 16}}, text{"text", ElementType::u8, true, {}},
      audio{"audio", ElementType::i16, true, {}}, identity{"identity", ElementType::i64, false, {}};
  data::DatasetWriter writer(folder, "tiny", {.generator = "test", .tool_version = "0", .seed = 1, .options = {}});
  RandomStream random(RandomKey{.seed = options.seed});
  const auto picture = [&](int64_t i) {
    std::vector<uint8_t> pixels(3 * 16 * 16);
    for (size_t p = 0; p < pixels.size(); ++p)
      pixels[p] = static_cast<uint8_t>((p / 256 == static_cast<size_t>(i % 3) ? 200 : 20) + random.below(30));
    return pixels;
  };
  const auto sound = [&](int64_t i) {
    std::vector<int16_t> wave(static_cast<size_t>(1500 + 400 * (i % 5)));
    for (size_t t = 0; t < wave.size(); ++t)
      wave[t] = static_cast<int16_t>(8000 * std::sin(0.02 * static_cast<double>(t) * static_cast<double>(1 + i % 7)) +
                                     100 * random.normal());
    return wave;
  };
  const auto sentence = [&](int64_t i) {
    return "a " + colours[static_cast<size_t>(i % 4)] + (i % 2 ? " square" : " circle near the red square");
  };
  const auto words = [&](int64_t i) { return options.lacks(i, "text") ? std::string() : sentence(i); };
  const bool has_pairs = options.kind != TinyKind::text, has_questions = options.kind == TinyKind::scenes,
             has_labels = options.kind == TinyKind::digits;
  data::ShardWriter& pool_text = writer.split("pool_text", {text});
  for (int64_t i = 0; i < options.samples; ++i) pool_text.add({words(i)});
  if (has_pairs) {
    data::ShardWriter &pool_image = writer.split("pool_image", {image}),
                      &pool_speech = writer.split("pool_speech", {audio});
    for (int64_t i = 0; i < options.samples; ++i) {
      pool_image.add({picture(i)});
      pool_speech.add({sound(i)});
    }
  } else {
    data::ShardWriter& split = writer.split(options.held_out, {text});
    for (int64_t i = 0; i < options.samples; ++i) split.add({words(i)});
  }
  for (const std::string& name : {std::string("train"), options.held_out}) {
    if (!has_pairs) break;
    std::vector<data::ColumnSpec> columns = {image, text, audio, identity};
    if (has_labels) columns.push_back({"label", ElementType::i64, false, {}});
    data::ShardWriter& pairs = writer.split(name, columns);
    for (int64_t i = 0; i < options.samples; ++i) {
      const std::vector<uint8_t> pixels = picture(i);
      const std::string text_of_it = words(i);
      const std::vector<int16_t> wave = options.lacks(i, "audio") ? std::vector<int16_t>() : sound(i);
      const int64_t id = i % 9;
      std::vector<data::Cell> cells = {pixels, text_of_it, wave, id};
      const auto of_class = std::ranges::find(options.classes, std::string(1, static_cast<char>('a' + id)));
      const int64_t label = of_class == options.classes.end() ? id : of_class - options.classes.begin();
      if (has_labels) cells.emplace_back(label);
      pairs.add(cells);
    }
    if (!has_questions) continue;
    data::ShardWriter& questions = writer.split(name + "_questions", {{"sample", ElementType::i64, false, {}},
                                                                      text,
                                                                      {"answer", ElementType::i64, false, {}},
                                                                      {"type", ElementType::i64, false, {}}});
    for (int64_t i = 0; i < options.samples; ++i) {
      for (int64_t q = 0; q < 2; ++q) questions.add({i, std::string(q ? "what colour" : "is it red"), (i + q) % 3, q});
    }
  }
  if (has_questions) {
    writer.set_attribute("answers", options.answers);
    writer.set_attribute("question_types", std::vector<std::string>{"exists", "colour"});
  }
  if (has_labels) {
    writer.set_attribute("label_names", options.classes);
    writer.set_attribute("image_probe", std::string("mnist"));
    writer.set_attribute("speech_probe", std::string("spoken_digit"));
  }
  writer.set_attribute("sample_rate", options.sample_rate);
  writer.set_attribute("tokenizer", std::string("vocab.txt"));
  std::string vocabulary = "[PAD] [UNK] [CLS] [SEP] [MASK] " + options.vocabulary + " ";
  std::replace(vocabulary.begin(), vocabulary.end(), ' ', '\n');
  writer.add_file("vocab.txt", vocabulary);
  writer.finish();
}

/// Every stage for 20 steps, with dropout everywhere.
inline Recipe tiny_recipe(const std::filesystem::path& data) {
  Recipe r;
  r.name = "tiny";
  r.data.name = "tiny";
  r.data.dir = data;
  r.model.shared_width = 16;
  r.model.text = {.vocabulary = 18, .width = 16, .layers = 1, .heads = 2, .hidden = 32, .max_positions = 16};
  r.model.image = {.stem_channels = {8, 16}, .width = 16, .layers = 1, .heads = 2, .hidden = 32, .dropout = 0.1};
  r.model.speech = {.mels = 40, .channels = 16, .hidden = 16, .layers = 2, .dropout = 0.1};
  r.model.fusion = {.layers = 1, .heads = 2, .hidden = 32, .dropout = 0.1};
  for (StageOptions* stage : {static_cast<StageOptions*>(&r.text), static_cast<StageOptions*>(&r.image),
                              static_cast<StageOptions*>(&r.speech), static_cast<StageOptions*>(&r.align),
                              static_cast<StageOptions*>(&r.joint)}) {
    stage->steps = 20;
    stage->batch = 8;
    stage->schedule = {.peak = 1e-3, .warmup_steps = 2, .total_steps = 20};
  }
  r.train.seed = 7;
  r.train.log_every = 5;
  return r;
}

}  // namespace triad::train
