#include "triad/data/scenes/scenes.h"

#include <unordered_set>

#include "triad/core/base/error.h"
#include "triad/data/scenes/grammar.h"
#include "triad/data/scenes/render.h"

namespace triad::data {
namespace {

constexpr int64_t kMostSamples = 10'000'000;  // of a split; indices are 32 bits wide in RandomKey
constexpr int64_t kMostDifferent = 50'000;    // in a split without repetition

RandomKey key_of(uint64_t seed, ScenesSplit split, std::string_view what) {
  return RandomKey{.seed = seed, .site = random_site("scenes")}.at(random_site(name_of(split))).at(random_site(what));
}

ScenePart part_for(ScenesSplit split) {
  return split == ScenesSplit::kValidation ? ScenePart::kValidation
         : split == ScenesSplit::kTest     ? ScenePart::kTest
                                           : ScenePart::kTraining;
}

bool is_held_out(ScenesSplit split) { return split >= ScenesSplit::kValidation; }

PairRule rule_of(ScenesSplit split) {
  return split == ScenesSplit::kCompositional ? PairRule::kWithUnseen : PairRule::kSeen;
}

std::vector<Scene> draw_scenes(uint64_t seed, ScenesSplit split, int64_t count) {
  const RandomKey key = key_of(seed, split, "scene");
  std::vector<Scene> scenes;
  std::unordered_set<uint32_t> taken;
  for (int64_t i = 0; i < count; ++i) {
    RandomStream random(key.for_sample(static_cast<uint32_t>(i)));
    for (;;) {
      Scene scene = draw_scene(random, rule_of(split));
      if (split != ScenesSplit::kCompositional && part_of(scene) != part_for(split)) continue;
      if (is_held_out(split) && !taken.insert(scene.code()).second) continue;
      scenes.push_back(std::move(scene));
      break;
    }
  }
  return scenes;
}

}  // namespace

Scenes::Scenes(const ScenesOptions& options) : options_(options) {
  require<ValueError>(options.questions >= 0, "Scenes", "questions is ", options.questions, ", expected 0 or more");
  for (int i = 0; i < kScenesSplits; ++i) {
    const auto split = static_cast<ScenesSplit>(i);
    const int64_t size = options_.size(split), most = is_held_out(split) ? kMostDifferent : kMostSamples;
    require<ValueError>(size >= 0 && size <= most, "Scenes", "the size of ", name_of(split), " is ", size,
                        ", expected 0 to ", most);
    scenes_[static_cast<size_t>(i)] = draw_scenes(options.seed, split, size);
  }
}

RandomKey Scenes::key(ScenesSplit split, std::string_view what, int64_t index, uint32_t variant) const {
  RandomKey key = key_of(options_.seed, split, what).for_sample(static_cast<uint32_t>(index));
  key.step = variant;
  return key;
}

const Scene& Scenes::scene(ScenesSplit split, int64_t index) const {
  require<ValueError>(index >= 0 && index < size(split), "Scenes", "no sample ", index, " in ", name_of(split),
                      ", which has ", size(split));
  return scenes_of(split)[static_cast<size_t>(index)];
}

Image Scenes::picture(ScenesSplit split, int64_t index, uint32_t variant) const {
  RandomStream random(key(split, "picture", index, variant));
  return render_scene(scene(split, index), random);
}

std::string Scenes::sentence(ScenesSplit split, int64_t index, uint32_t variant) const {
  RandomStream random(key(split, "sentence", index, variant));
  return describe_scene(scene(split, index), random);
}

SpeechRequest Scenes::clip(ScenesSplit split, int64_t index, uint32_t variant) const {
  return {sentence(split, index, variant), key(split, "clip", index, variant)};
}

std::vector<Question> Scenes::questions(ScenesSplit split, int64_t index) const {
  RandomStream random(key(split, "questions", index, 0));
  return ask_questions(scene(split, index), options_.questions, random, rule_of(split));
}

}  // namespace triad::data
