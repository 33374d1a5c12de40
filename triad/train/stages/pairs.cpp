#include "triad/train/stages/pairs.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <map>

#include "triad/ops/contrastive/info_nce.h"
#include "triad/ops/elementwise/binary.h"
#include "triad/ops/loss/cross_entropy.h"
#include "triad/ops/shape/reshape.h"

namespace triad::train {
namespace {

using data::BatchIndices;

/// Rows of a batch that have some modality: row i of its tensors belongs to sample samples[i], in increasing order.
struct Rows {
  std::vector<int64_t> samples;

  int64_t first_of(int64_t sample) const { return std::lower_bound(samples.begin(), samples.end(), sample) - samples.begin(); }
};

struct PairBatch {
  std::vector<int64_t> identities;  ///< of all samples
  Rows image_rows, text_rows, speech_rows, question_rows;
  Tensor images_BCHW;
  TextBatch text;
  SpeechBatch speech;
  TextBatch questions;
  std::vector<int64_t> answers;
};

/// Part of a batch's rows, and the context whose random numbers belong to them.
struct Part {
  int64_t first, last;
  nn::Context context;

  bool empty() const { return first == last; }
  Tensor of(const Tensor& t) const { return ops::contiguous(ops::slice(t, 0, first, last)); }
};

enum Modality { image = 0, text = 1, speech = 2 };

class PairStage : public LoaderStage<PairBatch> {
 public:
  PairStage(const StageSetup& setup, std::string_view name, const StageOptions& options, const PairWeights& pairs,
            double contrastive_weight, int64_t questions)
      : LoaderStage(setup, name, trained(setup.model, questions > 0)),
        weights_({{{text, image, pairs.text_image}, {speech, image, pairs.speech_image}, {text, speech, pairs.text_speech}}}),
        contrastive_weight_(contrastive_weight),
        questions_(questions) {
    const data::SplitReader& split = setup.data.split("train");
    if (questions_ > 0) index_questions();
    const bool has_sound = split.has("audio");
    start(options, split.size(), has_sound ? split.lengths("audio") : std::vector<int64_t>(),
          [this, &split](const BatchIndices& indices) { return read(split, indices); });
  }

  /// The loader's threads read members of this class: they end first.
  ~PairStage() override { loader_.reset(); }

  int64_t size() const override { return std::ssize(batch_.identities); }

  std::vector<LossTerm> terms() const override {
    if (questions_ == 0) return {};
    return {{"answer", setup_.recipe.joint.answer_weight, static_cast<double>(batch_.answers.size())}};
  }

  bool contrasts() const override { return contrastive_weight_ > 0; }

  Forward forward(int64_t first, int64_t count, const nn::Context& context) override {
    const Model& model = setup_.model;
    const int64_t width = setup_.recipe.model.shared_width;
    Forward result{{}, std::vector<Tensor>(3, empty({0, width}))};
    const auto part = [&](const Rows& rows) {
      Part p{rows.first_of(first), rows.first_of(first + count), context};
      p.context.key.sample += static_cast<uint32_t>(p.first - first);
      return p;
    };
    Tensor tokens;
    const Part images = part(batch_.image_rows), texts = part(batch_.text_rows), sounds = part(batch_.speech_rows);
    if (!images.empty() && (contrasted(image) || questions_ > 0)) {
      tokens = model.image.forward(images.of(batch_.images_BCHW), images.context.at("image"));
      result.embeddings[image] = model.project_image(tokens);
    }
    if (!texts.empty() && contrasted(text)) result.embeddings[text] = model.embed_text(texts.of(batch_.text.ids_BT), texts.of(batch_.text.mask_BT), texts.context);
    if (!sounds.empty() && contrasted(speech)) result.embeddings[speech] = model.embed_speech(sounds.of(batch_.speech.frames_BFM), sounds.of(batch_.speech.lengths_B), sounds.context);
    if (questions_ > 0) result.sums.push_back(answer_loss(part(batch_.question_rows), tokens, images.first));
    return result;
  }

  Tensor contrast(const std::vector<Tensor>& embeddings, std::map<std::string, double>& parts) override {
    const std::array<Tensor, 3> ids = {identities_of(batch_.image_rows), identities_of(batch_.text_rows), identities_of(batch_.speech_rows)};
    Tensor total = zeros({});
    double weight_sum = 0;
    for (const auto& [a, b, weight] : weights_) {
      if (weight == 0 || ids[a].numel() == 0 || ids[b].numel() == 0) continue;
      const Tensor loss = ops::info_nce(embeddings[a], embeddings[b], ids[a], ids[b], setup_.model.log_scale.value());
      parts[str(kNames[a], "_", kNames[b])] = loss.item();
      total = total + loss * weight;
      weight_sum += weight;
    }
    parts["temperature"] = std::exp(-setup_.model.log_scale.value().item());
    return weight_sum > 0 ? total * (contrastive_weight_ / weight_sum) : total;
  }

  void after_step() override { setup_.model.clamp_log_scale(); }

 private:
  static constexpr std::array<std::string_view, 3> kNames = {"image", "text", "speech"};

  struct PairWeight {
    Modality a, b;
    double weight;
  };

  static std::vector<NamedParameter> trained(Model& m, bool with_answers) {
    std::vector<NamedParameter> all = {{"log_scale", &m.log_scale}};
    std::vector<NamedParameter> rest = parameters_below({{"text", &m.text}, {"image", &m.image}, {"speech", &m.speech},
                                                         {"image_pool", &m.image_pool}, {"speech_pool", &m.speech_pool},
                                                         {"text_projection", &m.text_projection},
                                                         {"image_projection", &m.image_projection},
                                                         {"speech_projection", &m.speech_projection}});
    all.insert(all.end(), rest.begin(), rest.end());
    if (with_answers) {
      rest = parameters_below({{"answer", m.answer.get()}});
      all.insert(all.end(), rest.begin(), rest.end());
    }
    return all;
  }

  /// Whether the contrastive loss reads the embeddings of a modality.
  bool contrasted(Modality m) const {
    return contrasts() &&
           std::ranges::any_of(weights_, [m](const PairWeight& pair) { return pair.weight > 0 && (pair.a == m || pair.b == m); });
  }

  void index_questions() {
    const data::SplitReader& questions = setup_.data.split("train_questions");
    const std::vector<int64_t> samples = questions.values<int64_t>("sample");
    for (size_t q = 0; q < samples.size(); ++q) questions_of_[samples[q]].push_back(static_cast<int64_t>(q));
  }

  PairBatch read(const data::SplitReader& split, const BatchIndices& indices) const {
    PairBatch batch;
    std::vector<data::Value> images;
    std::vector<std::vector<int32_t>> sentences, questions;
    std::vector<data::LogMel> sounds;
    for (size_t i = 0; i < indices.samples.size(); ++i) {
      const auto row = static_cast<int64_t>(i);
      const data::Sample sample = split.read(indices.samples[i]);
      batch.identities.push_back(sample["identity"].scalar<int64_t>());
      for (const auto& [column, value] : sample.columns) {
        if (value.bytes.empty()) continue;  // this sample lacks the modality
        if (column == "image") images.push_back(value), batch.image_rows.samples.push_back(row);
        else if (column == "text") sentences.push_back(setup_.data.tokens(value)), batch.text_rows.samples.push_back(row);
        else if (column == "audio") sounds.push_back(setup_.data.features(value)), batch.speech_rows.samples.push_back(row);
      }
      if (questions_ > 0) draw_questions(indices, i, questions, batch);
    }
    const int32_t pad = setup_.data.tokenizer().special().pad;
    if (!images.empty()) batch.images_BCHW = collate_images(images);
    if (!sentences.empty()) batch.text = collate_text(sentences, pad);
    if (!sounds.empty()) batch.speech = collate_speech(sounds);
    if (!questions.empty()) batch.questions = collate_text(questions, pad);
    return batch;
  }

  /// Some questions about the picture of a sample, others in every epoch.
  void draw_questions(const BatchIndices& indices, size_t i, std::vector<std::vector<int32_t>>& texts, PairBatch& batch) const {
    const auto known = questions_of_.find(indices.samples[i]);
    if (known == questions_of_.end()) return;
    std::vector<int64_t> drawn = known->second;
    RandomStream random(key_of(indices, i));
    random.shuffle(drawn);
    if (std::ssize(drawn) > questions_) drawn.resize(static_cast<size_t>(questions_));
    const data::SplitReader& split = setup_.data.split("train_questions");
    for (const int64_t q : drawn) {
      const data::Sample question = split.read(q);
      texts.push_back(setup_.data.tokens(question["text"]));
      batch.answers.push_back(question["answer"].scalar<int64_t>());
      batch.question_rows.samples.push_back(static_cast<int64_t>(i));
    }
  }

  Tensor answer_loss(const Part& part, const Tensor& image_tokens, int64_t first_image_row) const {
    if (part.empty()) return zeros({});
    std::vector<int64_t> pictures;  // for each question, the row of its picture in image_tokens
    for (int64_t q = part.first; q < part.last; ++q)
      pictures.push_back(batch_.image_rows.first_of(batch_.question_rows.samples[static_cast<size_t>(q)]) - first_image_row);
    const nn::Memory memory{.values_PSC = image_tokens, .rows_B = from_values(pictures, {std::ssize(pictures)})};
    const Tensor mask = part.of(batch_.questions.mask_BT);
    const nn::Context context = part.context.at("questions");
    const Tensor hidden = setup_.model.text.forward(part.of(batch_.questions.ids_BT), mask, context.at("text"));
    const Tensor logits = setup_.model.answer->forward(hidden, mask, memory, context.at("answer"));
    const std::vector<int64_t> targets(batch_.answers.begin() + part.first, batch_.answers.begin() + part.last);
    return ops::cross_entropy(logits, from_values(targets, {std::ssize(targets)}), {.reduction = ops::Reduction::sum});
  }

  Tensor identities_of(const Rows& rows) const {
    std::vector<int64_t> ids;
    for (const int64_t sample : rows.samples) ids.push_back(batch_.identities[static_cast<size_t>(sample)]);
    return from_values(ids, {std::ssize(ids)});
  }

  std::array<PairWeight, 3> weights_;
  double contrastive_weight_;
  int64_t questions_;
  std::map<int64_t, std::vector<int64_t>> questions_of_;  ///< rows of train_questions, by sample
};

}  // namespace

std::unique_ptr<Stage> make_align_stage(const StageSetup& setup) {
  const AlignStageOptions& o = setup.recipe.align;
  return std::make_unique<PairStage>(setup, "align", o, o.pairs, 1, 0);
}

std::unique_ptr<Stage> make_joint_stage(const StageSetup& setup) {
  const JointStageOptions& o = setup.recipe.joint;
  return std::make_unique<PairStage>(setup, "joint", o, o.pairs, o.contrastive_weight, setup.model.answer ? o.questions : 0);
}

}  // namespace triad::train
