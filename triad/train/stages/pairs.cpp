#include "triad/train/stages/pairs.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <map>
#include <optional>

#include "triad/ops/contrastive/info_nce.h"
#include "triad/ops/elementwise/binary.h"
#include "triad/ops/loss/cross_entropy.h"
#include "triad/ops/shape/reshape.h"
#include "triad/train/parallel/global_rows.h"
#include "triad/train/stages/task_schedule.h"

namespace triad::train {
namespace {

using data::BatchIndices;

/// Rows of a batch that have some modality: row i of its tensors belongs to sample samples[i], in increasing order.
struct Rows {
  std::vector<int64_t> samples;

  int64_t first_of(int64_t sample) const {
    return std::lower_bound(samples.begin(), samples.end(), sample) - samples.begin();
  }
};

/// Holds what the tasks that take part in it need, and no more.
struct PairBatch {
  bool contrasts = false, answers = false;  ///< whether the task takes part
  std::vector<int64_t> identities;          ///< of all samples
  Rows image_rows, text_rows, speech_rows, question_rows;
  Tensor images_BCHW;
  TextBatch text;
  SpeechBatch speech;
  TextBatch questions;
  std::vector<int64_t> expected;  ///< the answers
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
  /// Without `answer` the contrastive task is the only one.
  PairStage(const StageSetup& setup, std::string_view name, const StageOptions& options,
            const ContrastTaskOptions& contrast, const std::optional<AnswerTaskOptions>& answer)
      : LoaderStage(setup, name, trained(setup.model, answer.has_value())), contrast_(contrast), answer_(answer) {
    const data::SplitReader& split = setup.data.split("train");
    if (answer_) index_questions();
    const bool has_sound = split.has("audio");
    start(options, split.size(), has_sound ? split.lengths("audio") : std::vector<int64_t>(),
          [this, &split](const BatchIndices& indices) { return read(split, indices); });
  }

  /// The loader's threads read members of this class: they end first.
  ~PairStage() override { loader_.reset(); }

  int64_t size() const override { return std::ssize(batch_.identities); }

  std::vector<LossTerm> terms() const override {
    if (!batch_.answers) return {};
    return {{"answer", answer_->weight, static_cast<double>(batch_.expected.size())}};
  }

  void load() override {
    LoaderStage::load();
    rows_ = GlobalRows(own_rows(), setup_.comm);
  }

  bool contrasts() const override { return batch_.contrasts; }

  Forward forward(int64_t first, int64_t count, const nn::Context& context) override {
    Encoded encoded = encode(first, count, context);
    Forward result{{}, std::move(encoded.embeddings)};
    if (batch_.answers)
      result.sums.push_back(answer_loss(part(batch_.question_rows, kQuestions, first, count, context),
                                        encoded.image_tokens, batch_.image_rows.first_of(first)));
    return result;
  }

  std::vector<Tensor> embed(int64_t first, int64_t count, const nn::Context& context) override {
    return encode(first, count, context).embeddings;
  }

  Tensor contrast(const std::vector<Tensor>& embeddings, std::map<std::string, double>& parts) override {
    const std::array<Tensor, 3> ids = {identities_of(batch_.image_rows), identities_of(batch_.text_rows),
                                       identities_of(batch_.speech_rows)};
    std::array<std::optional<ops::ContrastRows>, 3> gathered;
    const auto rows = [&](Modality m) -> const ops::ContrastRows& {
      if (!gathered[m]) gathered[m] = gather(embeddings[m], ids[m], m);
      return *gathered[m];
    };
    const auto gather_own = [&](Modality m) {
      return [this, m](const Tensor& own) { return gather_rows(own, rows_.of(m), setup_.comm); };
    };
    Tensor total = zeros({});
    double weight_sum = 0;
    for (const auto& [a, b, weight] : pairs()) {
      if (weight == 0 || rows_.total(a) == 0 || rows_.total(b) == 0) continue;
      const Tensor loss =
          ops::info_nce_part(rows(a), rows(b), setup_.model.log_scale.value(), gather_own(a), gather_own(b));
      parts[str(kNames[a], "_", kNames[b])] = loss.item();
      total = total + loss * weight;
      weight_sum += weight;
    }
    return weight_sum > 0 ? total * (contrast_.weight / weight_sum) : total;
  }

  void measure(std::map<std::string, double>& parts) const override {
    if (batch_.contrasts) parts["temperature"] = std::exp(-setup_.model.log_scale.value().item());
  }

  void after_step() override { setup_.model.clamp_log_scale(); }

 private:
  static constexpr std::array<std::string_view, 3> kNames = {"image", "text", "speech"};

  /// What the encoders give for some samples.
  struct Encoded {
    std::vector<Tensor> embeddings;
    Tensor image_tokens;  ///< undefined without pictures
  };

  static constexpr size_t kQuestions = 3;  ///< a kind of rows, beside the modalities

  std::vector<int64_t> own_rows() const {
    std::vector<int64_t> counts;
    for (const Rows* rows : {&batch_.image_rows, &batch_.text_rows, &batch_.speech_rows, &batch_.question_rows})
      counts.push_back(std::ssize(rows->samples));
    return counts;
  }

  /// Rows of one kind, whose random numbers depend on their place among the rows of all ranks.
  Part part(const Rows& rows, size_t kind, int64_t first, int64_t count, const nn::Context& context) const {
    Part p{rows.first_of(first), rows.first_of(first + count), context};
    p.context.key.sample += static_cast<uint32_t>(rows_.first(kind) + p.first - (first_ + first));
    return p;
  }

  /// The rows of this rank, and those of all.
  ops::ContrastRows gather(const Tensor& own, const Tensor& ids, Modality m) const {
    return {own, ids, gather_rows(own, rows_.of(m), setup_.comm), gather_rows(ids, rows_.of(m), setup_.comm)};
  }

  Encoded encode(int64_t first, int64_t count, const nn::Context& context) const {
    const Model& model = setup_.model;
    Encoded result{std::vector<Tensor>(3, empty({0, setup_.recipe.model.shared_width})), {}};
    const Part images = part(batch_.image_rows, image, first, count, context),
               texts = part(batch_.text_rows, text, first, count, context),
               sounds = part(batch_.speech_rows, speech, first, count, context);
    if (!images.empty()) {
      result.image_tokens = model.image.forward(images.of(batch_.images_BCHW), images.context.at("image"));
      if (batch_.contrasts) result.embeddings[image] = model.project_image(result.image_tokens);
    }
    if (!texts.empty())
      result.embeddings[text] =
          model.embed_text(texts.of(batch_.text.ids_BT), texts.of(batch_.text.mask_BT), texts.context);
    if (!sounds.empty())
      result.embeddings[speech] =
          model.embed_speech(sounds.of(batch_.speech.frames_BFM), sounds.of(batch_.speech.lengths_B), sounds.context);
    return result;
  }

  struct PairWeight {
    Modality a, b;
    double weight;
  };

  static std::vector<NamedParameter> trained(Model& m, bool with_answers) {
    std::vector<NamedParameter> all = {{"log_scale", &m.log_scale}};
    std::vector<NamedParameter> rest = parameters_below({{"text", &m.text},
                                                         {"image", &m.image},
                                                         {"speech", &m.speech},
                                                         {"image_pool", &m.image_pool},
                                                         {"speech_pool", &m.speech_pool},
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

  /// The tasks that take part in a batch.
  void draw_tasks(int64_t step, PairBatch& batch) const {
    const double contrast = contrast_.weight > 0 ? contrast_.share : 0;
    const double answer = answer_ && answer_->weight > 0 ? answer_->share : 0;
    const auto drawn = tasks_of_step<2>({contrast, answer}, setup_.recipe.train.seed, step);
    batch.contrasts = drawn[0] && contrast > 0;
    batch.answers = drawn[1] && answer > 0;
  }

  /// Whether the tasks of a batch look at a modality.
  bool needed(Modality m, const PairBatch& batch) const {
    if (m == image && batch.answers) return true;
    return batch.contrasts && std::ranges::any_of(pairs(), [m](const PairWeight& pair) {
             return pair.weight > 0 && (pair.a == m || pair.b == m);
           });
  }

  std::array<PairWeight, 3> pairs() const {
    const PairWeights& w = contrast_.pairs;
    return {{{text, image, w.text_image}, {speech, image, w.speech_image}, {text, speech, w.text_speech}}};
  }

  void index_questions() {
    const data::SplitReader& questions = setup_.data.split("train_questions");
    const std::vector<int64_t> samples = questions.values<int64_t>("sample");
    for (size_t q = 0; q < samples.size(); ++q) questions_of_[samples[q]].push_back(static_cast<int64_t>(q));
  }

  PairBatch read(const data::SplitReader& split, const BatchIndices& indices) const {
    PairBatch batch;
    draw_tasks(indices.sequence, batch);
    const bool wants_images = split.has("image") && needed(image, batch),
               wants_texts = split.has("text") && needed(text, batch),
               wants_sounds = split.has("audio") && needed(speech, batch);
    std::vector<data::Value> images;
    std::vector<std::vector<int32_t>> sentences, questions;
    std::vector<data::LogMel> sounds;
    for (size_t i = 0; i < indices.samples.size(); ++i) {
      const int64_t sample = indices.samples[i];
      // What a column holds of the sample, noted in `rows`; nothing if no task looks at it or the sample lacks it.
      const auto read_column = [&](bool wanted, std::string_view column, Rows& rows) -> std::optional<data::Value> {
        if (!wanted) return std::nullopt;
        data::Value value = split.read(sample, column);
        if (value.bytes.empty()) return std::nullopt;
        rows.samples.push_back(static_cast<int64_t>(i));
        return value;
      };
      batch.identities.push_back(split.read(sample, "identity").scalar<int64_t>());
      if (auto value = read_column(wants_images, "image", batch.image_rows)) images.push_back(*std::move(value));
      if (const auto value = read_column(wants_texts, "text", batch.text_rows))
        sentences.push_back(setup_.data.tokens(*value));
      if (const auto value = read_column(wants_sounds, "audio", batch.speech_rows))
        sounds.push_back(setup_.data.features(*value));
      if (batch.answers) draw_questions(indices, i, questions, batch);
    }
    const int32_t pad = setup_.data.tokenizer().special().pad;
    if (!images.empty()) batch.images_BCHW = collate_images(images);
    if (!sentences.empty()) batch.text = collate_text(sentences, pad);
    if (!sounds.empty()) batch.speech = collate_speech(sounds);
    if (!questions.empty()) batch.questions = collate_text(questions, pad);
    return batch;
  }

  /// Some questions about the picture of a sample, others in every epoch.
  void draw_questions(const BatchIndices& indices, size_t i, std::vector<std::vector<int32_t>>& texts,
                      PairBatch& batch) const {
    const auto known = questions_of_.find(indices.samples[i]);
    if (known == questions_of_.end()) return;
    std::vector<int64_t> drawn = known->second;
    RandomStream random(key_of(indices, i));
    random.shuffle(drawn);
    if (std::ssize(drawn) > answer_->questions) drawn.resize(static_cast<size_t>(answer_->questions));
    const data::SplitReader& split = setup_.data.split("train_questions");
    for (const int64_t q : drawn) {
      texts.push_back(setup_.data.tokens(split.read(q, "text")));
      batch.expected.push_back(split.read(q, "answer").scalar<int64_t>());
      batch.question_rows.samples.push_back(static_cast<int64_t>(i));
    }
  }

  Tensor answer_loss(const Part& part, const Tensor& image_tokens, int64_t first_image_row) const {
    if (part.empty()) return zeros({});
    std::vector<int64_t> pictures;  // for each question, the row of its picture in image_tokens
    for (int64_t q = part.first; q < part.last; ++q)
      pictures.push_back(batch_.image_rows.first_of(batch_.question_rows.samples[static_cast<size_t>(q)]) -
                         first_image_row);
    const nn::Memory memory{.values_PSC = image_tokens, .rows_B = from_values(pictures, {std::ssize(pictures)})};
    const Tensor mask = part.of(batch_.questions.mask_BT);
    const nn::Context context = part.context.at("questions");
    const Tensor hidden = setup_.model.text.forward(part.of(batch_.questions.ids_BT), mask, context.at("text"));
    const Tensor logits = setup_.model.answer->forward(hidden, mask, memory, context.at("answer"));
    const std::vector<int64_t> targets(batch_.expected.begin() + part.first, batch_.expected.begin() + part.last);
    return ops::cross_entropy(logits, from_values(targets, {std::ssize(targets)}), {.reduction = ops::Reduction::sum});
  }

  Tensor identities_of(const Rows& rows) const {
    std::vector<int64_t> ids;
    for (const int64_t sample : rows.samples) ids.push_back(batch_.identities[static_cast<size_t>(sample)]);
    return from_values(ids, {std::ssize(ids)});
  }

  ContrastTaskOptions contrast_;
  std::optional<AnswerTaskOptions> answer_;
  std::map<int64_t, std::vector<int64_t>> questions_of_;  ///< rows of train_questions, by sample
  GlobalRows rows_;                                       ///< of the loaded batch
};

}  // namespace

std::unique_ptr<Stage> make_align_stage(const StageSetup& setup) {
  const AlignStageOptions& o = setup.recipe.align;
  return std::make_unique<PairStage>(setup, "align", o, ContrastTaskOptions{.pairs = o.pairs}, std::nullopt);
}

std::unique_ptr<Stage> make_joint_stage(const StageSetup& setup) {
  const JointStageOptions& o = setup.recipe.joint;
  const bool has_questions = setup.model.answer && setup.data.has("train_questions");
  const auto answer = has_questions ? std::optional(o.tasks.answer) : std::nullopt;
  return std::make_unique<PairStage>(setup, "joint", o, o.tasks.contrast, answer);
}

}  // namespace triad::train
