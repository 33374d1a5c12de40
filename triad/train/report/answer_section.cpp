#include "triad/train/report/answer_section.h"

#include <algorithm>
#include <cmath>
#include <set>

#include "triad/autograd/grad_mode.h"
#include "triad/core/base/error.h"
#include "triad/data/image/layout.h"
#include "triad/data/image/transform.h"
#include "triad/train/report/html.h"

namespace triad::train {
namespace {

constexpr int kLeastSide = 128;

/// A question of each type that was answered right and one that was answered wrong, where there are. Each type is searched
/// from another place on, so that the pictures differ.
std::vector<int64_t> chosen_questions(const std::vector<int64_t>& types, const std::vector<int64_t>& answers,
                                      const std::vector<int64_t>& guesses) {
  const std::set<int64_t> kinds(types.begin(), types.end());
  std::vector<int64_t> chosen;
  size_t start = 0;
  for (const int64_t kind : kinds) {
    for (const bool right : {true, false}) {
      for (size_t i = 0; i < types.size(); ++i) {
        const size_t q = (start + i) % types.size();
        if (types[q] != kind || (guesses[q] == answers[q]) != right) continue;
        chosen.push_back(static_cast<int64_t>(q));
        break;
      }
      start += types.size() / (2 * kinds.size());
    }
  }
  return chosen;
}

/// The attention of the answer to a question over the tokens of a picture.
std::vector<float> attention_of(const Model& model, const TrainingData& data, const std::string& question,
                                const data::Value& picture) {
  const NoGrad no_tape;
  const TextBatch batch = collate_text({data.tokens(question)}, data.tokenizer().special().pad);
  const Tensor tokens = model.image.forward(collate_images({picture}), {});
  return model.answer->attention(model.text.forward(batch.ids_BT, batch.mask_BT, {}), batch.mask_BT, {tokens})
      .to_vector<float>();
}

std::string card_of(const AnswerExample& e) {
  const bool right = e.answer == e.expected;
  return str("<div class=\"card ", right ? "is-right" : "is-wrong", "\"><div class=\"pair\">",
             picture_tag(e.picture, "the picture"), picture_tag(e.attended, "where the answer looks"),
             "</div><p class=\"type\">", escape_html(e.type), "</p><p><q>", escape_html(e.question), "</q></p><p>",
             right ? "✓ " : "✗ ", "<b>", escape_html(e.answer), "</b>",
             right ? "" : ", expected <b>" + escape_html(e.expected) + "</b>", "</p></div>");
}

}  // namespace

std::vector<AnswerExample> answer_examples(const Model& model, const TrainingData& data, const Evaluation& evaluation) {
  std::vector<AnswerExample> examples;
  if (!evaluation.answers) return examples;
  const data::SplitReader& questions = data.split(evaluation.split + "_questions");
  const data::SplitReader& pictures = data.split(evaluation.split);
  const std::vector<int64_t> types = questions.values<int64_t>("type"), answers = questions.values<int64_t>("answer");
  const data::Manifest& manifest = data.dataset().manifest();
  for (const int64_t q : chosen_questions(types, answers, evaluation.answers->guesses)) {
    const auto at = static_cast<size_t>(q);
    const data::Sample question = questions.read(q);
    const data::Value value = pictures.read(question["sample"].scalar<int64_t>(), "image");
    const auto height = static_cast<int>(value.shape[1]), width = static_cast<int>(value.shape[2]);
    const data::Image picture = data::image_of(value.as<uint8_t>(), static_cast<int>(value.shape[0]), height, width);
    const auto patch = static_cast<int>(model.image.stem.patch());
    const std::string text = question["text"].text();
    examples.push_back(
        {.picture = picture,
         .attended = under_attention(picture, attention_of(model, data, text, value), height / patch, width / patch),
         .type = listed(manifest, "question_types", types[at]),
         .question = text,
         .answer = listed(manifest, "answers", evaluation.answers->guesses[at]),
         .expected = listed(manifest, "answers", answers[at])});
  }
  return examples;
}

data::Image under_attention(const data::Image& picture, const std::vector<float>& weights, int rows, int columns) {
  require<ShapeError>(std::ssize(weights) == int64_t{rows} * columns, "under_attention", weights.size(),
                      " weights for ", rows, " x ", columns);
  constexpr double kPaper = 245, kLeastLight = 0.12;  // what is not attended to fades into light grey
  const float most = weights.empty() ? 0 : *std::ranges::max_element(weights);
  data::Image light{rows, columns, 1, {}};
  for (const float w : weights)
    light.pixels.push_back(static_cast<uint8_t>(std::lround(255 * (most > 0 ? w / most : 0))));

  const int scale = std::max(1, (kLeastSide + picture.width - 1) / picture.width);
  data::Image result = data::resize(picture, scale * picture.height, scale * picture.width);
  light = data::resize(light, result.height, result.width);
  for (size_t i = 0; i < result.pixels.size(); ++i) {
    const double share = kLeastLight + (1 - kLeastLight) * light.pixels[i / static_cast<size_t>(result.channels)] / 255;
    result.pixels[i] = static_cast<uint8_t>(std::lround(share * result.pixels[i] + (1 - share) * kPaper));
  }
  return result;
}

std::string answer_section(const std::vector<AnswerExample>& examples) {
  if (examples.empty()) return "";
  std::string html =
      "<section><h2>Questions answered, and where the model looked</h2><p>Of each kind of question a held-out one that "
      "was answered right and one that was answered wrong, picked by nothing else. The second picture is the first in "
      "the light of the attention from the answer's position to the tokens of the picture, in the last fusion block, "
      "mean over its heads.</p><div class=\"cards\">";
  for (const AnswerExample& example : examples) html += card_of(example);
  return html + "</div></section>";
}

}  // namespace triad::train
