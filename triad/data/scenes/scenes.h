// The built-in data set: pictures of a few coloured shapes, sentences about them, the sentences spoken, and questions.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "triad/data/image/image.h"
#include "triad/data/scenes/questions.h"
#include "triad/data/scenes/scene.h"
#include "triad/data/scenes/speech.h"

namespace triad::data {

/// The parts of the data set. Pools have one modality each and no pairs; the others have all of them.
enum class ScenesSplit : uint8_t {
  kPoolPictures,
  kPoolSentences,
  kPoolClips,
  kTraining,
  kValidation,
  kTest,           ///< scenes never trained on, all different, of colour–shape pairs seen in training
  kCompositional,  ///< scenes, all different, with a colour–shape pair never seen in training
};
inline constexpr int kScenesSplits = 7;
inline constexpr std::array<std::string_view, kScenesSplits> kScenesSplitNames = {
    "pool_pictures", "pool_sentences", "pool_clips", "training", "validation", "test", "compositional"};
constexpr std::string_view name_of(ScenesSplit split) { return kScenesSplitNames[static_cast<size_t>(split)]; }

struct ScenesOptions {
  uint64_t seed = 1;
  /// Samples in every split, in the order of ScenesSplit.
  std::array<int64_t, kScenesSplits> sizes = {8000, 8000, 4000, 4000, 500, 1000, 500};
  int questions = 10;      ///< about each picture
  int sample_rate = 8000;  ///< of the clips, Hz

  int64_t& size(ScenesSplit split) { return sizes[static_cast<size_t>(split)]; }
};

/// The data set of some options. Drawing the scenes takes milliseconds; everything else is made when asked for. Each
/// sample is a pure function of (seed, split, index, variant), so samples can be made in any order and by any thread.
class Scenes {
 public:
  /// Throws ValueError if a size is negative or there are not enough different scenes for a split.
  explicit Scenes(const ScenesOptions& options);

  const ScenesOptions& options() const { return options_; }
  int64_t size(ScenesSplit split) const { return static_cast<int64_t>(scenes_of(split).size()); }

  /// Throws ValueError, as all below, if the index is not in [0, size(split)).
  const Scene& scene(ScenesSplit split, int64_t index) const;

  /// `variant` gives other pictures, sentences and clips of the same scene.
  Image picture(ScenesSplit split, int64_t index, uint32_t variant = 0) const;
  std::string sentence(ScenesSplit split, int64_t index, uint32_t variant = 0) const;
  /// The same sentence, to be spoken by speak_all().
  SpeechRequest clip(ScenesSplit split, int64_t index, uint32_t variant = 0) const;
  std::vector<Question> questions(ScenesSplit split, int64_t index) const;

 private:
  const std::vector<Scene>& scenes_of(ScenesSplit split) const { return scenes_[static_cast<size_t>(split)]; }
  RandomKey key(ScenesSplit split, std::string_view what, int64_t index, uint32_t variant) const;

  ScenesOptions options_;
  std::array<std::vector<Scene>, kScenesSplits> scenes_;
};

}  // namespace triad::data
