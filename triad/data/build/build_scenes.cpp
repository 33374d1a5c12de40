// `scenes`: the built-in data set, from its generator. See triad/data/scenes.
#include <algorithm>
#include <iterator>

#include "triad/data/audio/pcm.h"
#include "triad/data/build/builder.h"
#include "triad/data/build/tokenizer_file.h"
#include "triad/data/image/layout.h"
#include "triad/data/scenes/scenes.h"

namespace triad::data {
namespace {

constexpr int64_t kClipsAtOnce = 256;  // spoken in parallel and then written

const std::vector<BuilderOption>& options() {
  using Kind = BuilderOption::Kind;
  static const std::vector<BuilderOption> all = [] {
    const ScenesOptions defaults;
    const auto size = [&](ScenesSplit split) { return defaults.sizes[static_cast<size_t>(split)]; };
    std::vector<BuilderOption> list = {
        {"pictures", Kind::kInteger, size(ScenesSplit::kPoolPictures), false, "unpaired pictures"},
        {"sentences", Kind::kInteger, size(ScenesSplit::kPoolSentences), false, "unpaired sentences"},
        {"clips", Kind::kInteger, size(ScenesSplit::kPoolClips), false, "unpaired spoken sentences"},
        {"train", Kind::kInteger, size(ScenesSplit::kTraining), false,
         "scenes with picture, sentence, clip and questions"},
        {"validation", Kind::kInteger, size(ScenesSplit::kValidation), false, "the same, to choose settings by"},
        {"test", Kind::kInteger, size(ScenesSplit::kTest), false, "the same, never trained on"},
        {"compositional", Kind::kInteger, size(ScenesSplit::kCompositional), false,
         "the same, with pairs of colour and shape never seen"},
        {"questions", Kind::kInteger, int64_t{defaults.questions}, false, "about each scene"}};
    std::ranges::copy(TokenizerFile::options(320), std::back_inserter(list));
    return list;
  }();
  return all;
}

ScenesOptions scenes_options(const BuildRequest& request) {
  constexpr int64_t kMost = 10'000'000;
  ScenesOptions o{.seed = request.seed};
  const std::array<const char*, kScenesSplits> names = {"pictures",   "sentences", "clips",        "train",
                                                        "validation", "test",      "compositional"};
  for (size_t i = 0; i < names.size(); ++i) o.sizes[i] = request.integer(names[i], 0, kMost);
  o.questions = static_cast<int>(request.integer("questions", 0, 100));
  return o;
}

class ScenesBuild {
 public:
  explicit ScenesBuild(const BuildRequest& request)
      : request_(request),
        scenes_(scenes_options(request)),
        tokenizer_(request),
        writer_(request.out, "scenes", request.provenance("scenes", options()), request.write) {}

  Manifest run() {
    const Image picture =
        scenes_.size(ScenesSplit::kTraining) > 0 ? scenes_.picture(ScenesSplit::kTraining, 0) : Image{64, 64, 3, {}};
    image_ = {"image", ElementType::u8, false, {picture.channels, picture.height, picture.width}};
    write_pools();
    for (const auto& [split, name] : {std::pair{ScenesSplit::kTraining, "train"},
                                      {ScenesSplit::kValidation, "validation"},
                                      {ScenesSplit::kTest, "test"},
                                      {ScenesSplit::kCompositional, "compositional"}}) {
      if (scenes_.size(split) == 0) continue;
      write_pairs(split, name);
      write_questions(split, name);
    }
    std::vector<std::string> answers, types;
    for (const std::string_view answer : answer_names()) answers.emplace_back(answer);
    for (const std::string_view type : kQuestionTypeNames) types.emplace_back(type);
    writer_.set_attribute("answers", answers);
    writer_.set_attribute("question_types", types);
    writer_.set_attribute("sample_rate", int64_t{scenes_.options().sample_rate});
    writer_.set_attribute("speech_program", speech_program_version());
    tokenizer_.add_to(writer_, vocabulary_texts_);
    return writer_.finish();
  }

 private:
  void write_pools() {
    if (scenes_.size(ScenesSplit::kPoolPictures) > 0) {
      ShardWriter& pictures = writer_.split("pool_image", {image_});
      for (int64_t i = 0; i < scenes_.size(ScenesSplit::kPoolPictures); ++i) {
        pictures.add({planes_of(scenes_.picture(ScenesSplit::kPoolPictures, i))});
        tell();
      }
    }
    if (scenes_.size(ScenesSplit::kPoolSentences) > 0) {
      ShardWriter& sentences = writer_.split("pool_text", {text_});
      for (int64_t i = 0; i < scenes_.size(ScenesSplit::kPoolSentences); ++i) {
        vocabulary_texts_.push_back(scenes_.sentence(ScenesSplit::kPoolSentences, i));
        sentences.add({vocabulary_texts_.back()});
        tell();
      }
    }
    if (scenes_.size(ScenesSplit::kPoolClips) > 0) {
      ShardWriter& clips = writer_.split("pool_speech", {audio_});
      for_each_clip(ScenesSplit::kPoolClips,
                    [&](int64_t, const std::vector<int16_t>& samples) { clips.add({samples}); });
    }
  }

  void write_pairs(ScenesSplit split, const char* name) {
    // Equal scenes have equal identities: they are positives of each other.
    ShardWriter& pairs = writer_.split(name, {image_, text_, audio_, {"identity", ElementType::i64, false, {}}});
    for_each_clip(split, [&](int64_t i, const std::vector<int16_t>& samples) {
      const std::string sentence = scenes_.sentence(split, i);
      if (split == ScenesSplit::kTraining) vocabulary_texts_.push_back(sentence);
      pairs.add({planes_of(scenes_.picture(split, i)), sentence, samples, int64_t{scenes_.scene(split, i).code()}});
    });
  }

  /// Questions refer to pictures of the split by index.
  void write_questions(ScenesSplit split, const std::string& name) {
    if (scenes_.options().questions == 0) return;
    ShardWriter& questions = writer_.split(name + "_questions", {{"sample", ElementType::i64, false, {}},
                                                                 text_,
                                                                 {"answer", ElementType::i64, false, {}},
                                                                 {"type", ElementType::i64, false, {}}});
    for (int64_t i = 0; i < scenes_.size(split); ++i) {
      for (const Question& question : scenes_.questions(split, i)) {
        if (split == ScenesSplit::kTraining) vocabulary_texts_.push_back(question.text);
        questions.add({i, question.text, int64_t{question.answer}, static_cast<int64_t>(question.type)});
      }
    }
  }

  template <class Write>
  void for_each_clip(ScenesSplit split, const Write& write) {
    const int64_t size = scenes_.size(split);
    for (int64_t first = 0; first < size; first += kClipsAtOnce) {
      std::vector<SpeechRequest> requests;
      for (int64_t i = first; i < std::min(first + kClipsAtOnce, size); ++i) requests.push_back(scenes_.clip(split, i));
      const std::vector<Waveform> sounds = speak_all(requests, scenes_.options().sample_rate);
      for (size_t i = 0; i < sounds.size(); ++i) {
        write(first + static_cast<int64_t>(i), to_pcm16(sounds[i].samples));
        tell();
      }
    }
  }

  void tell() {
    if (++done_ % 500 == 0 && request_.progress) request_.progress(done_);
  }

  const BuildRequest& request_;
  Scenes scenes_;
  TokenizerFile tokenizer_;
  DatasetWriter writer_;
  ColumnSpec image_, text_{"text", ElementType::u8, true, {}}, audio_{"audio", ElementType::i16, true, {}};
  std::vector<std::string> vocabulary_texts_;
  int64_t done_ = 0;
};

const RegisterBuilder registered([] {
  return Builder{"scenes",
                 "pictures of shapes, sentences about them, the sentences spoken, questions: made from a seed",
                 options(), [](const BuildRequest& request) { return ScenesBuild(request).run(); }};
});

}  // namespace
}  // namespace triad::data
