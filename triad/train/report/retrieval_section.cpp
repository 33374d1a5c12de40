#include "triad/train/report/retrieval_section.h"

#include <algorithm>

#include "triad/core/base/error.h"
#include "triad/data/formats/sound.h"
#include "triad/data/image/layout.h"
#include "triad/ops/index/index_select.h"
#include "triad/train/evaluate/retrieval.h"
#include "triad/train/report/html.h"

namespace triad::train {
namespace {

constexpr int64_t kQueries = 5, kPictures = 6;

/// The sentence of a sample; empty if its split has none.
std::string sentence_of(const data::SplitReader& split, int64_t row) {
  return split.has("text") ? split.read(row, "text").text() : "";
}

Tensor rows_of(const Tensor& x, const std::vector<int64_t>& rows) {
  return ops::index_select(x, 0, from_values(rows, {std::ssize(rows)}));
}

class Gallery {
 public:
  Gallery(const TrainingData& data, const Embedded& pictures)
      : data_(data), pictures_(pictures), split_(data.split(pictures.split)) {}

  /// Row `i` of the embedded queries as an example, without what makes it a written or a spoken one.
  RetrievalExample example(const Embedded& queries, int64_t i) const {
    const Tensor query = rows_of(queries.embeddings, {i});
    const int64_t identity = queries.identities[static_cast<size_t>(i)];
    RetrievalExample example{
        .sentence = sentence_of(data_.split(queries.split), queries.rows[static_cast<size_t>(i)]),
        .rank = 1 + wrong_before_right(query, pictures_.embeddings, {identity}, pictures_.identities)[0],
        .candidates = std::ssize(pictures_.rows)};
    bool has_right = false;
    const auto first = best_candidates(query, pictures_.embeddings, kPictures);
    for (const int64_t candidate : first[0]) {
      example.found.push_back(found(candidate, identity, std::ssize(example.found) + 1));
      has_right = has_right || example.found.back().right;
    }
    if (!has_right && example.rank > 0)
      example.found.push_back(found(best_right(query, identity), identity, example.rank));
    return example;
  }

 private:
  FoundPicture found(int64_t i, int64_t identity, int64_t rank) const {
    const int64_t row = pictures_.rows[static_cast<size_t>(i)];
    const data::Value value = split_.read(row, "image");
    return {.picture = data::image_of(value.as<uint8_t>(), static_cast<int>(value.shape[0]),
                                      static_cast<int>(value.shape[1]), static_cast<int>(value.shape[2])),
            .sentence = sentence_of(split_, row),
            .right = pictures_.identities[static_cast<size_t>(i)] == identity,
            .rank = rank};
  }

  int64_t best_right(const Tensor& query, int64_t identity) const {
    std::vector<int64_t> right;
    for (size_t i = 0; i < pictures_.identities.size(); ++i) {
      if (pictures_.identities[i] == identity) right.push_back(static_cast<int64_t>(i));
    }
    return right[static_cast<size_t>(best_candidates(query, rows_of(pictures_.embeddings, right), 1)[0][0])];
  }

  const TrainingData& data_;
  const Embedded& pictures_;
  const data::SplitReader& split_;
};

/// Some queries at equal distances; others for another `half` (0 or 1).
std::vector<int64_t> spread(const Embedded& queries, int64_t half) {
  const int64_t n = std::ssize(queries.rows), count = std::min(kQueries, n);
  std::vector<int64_t> chosen(static_cast<size_t>(count));
  for (int64_t i = 0; i < count; ++i) chosen[static_cast<size_t>(i)] = (2 * i + half) * n / (2 * count);
  return chosen;
}

std::string picture_of(const FoundPicture& found) {
  const std::string text =
      str("rank ", found.rank, found.right ? ", right" : "", found.sentence.empty() ? "" : ": ", found.sentence);
  return str("<figure>", picture_tag(found.picture, text, found.right ? "right" : ""), "<figcaption>", found.rank,
             found.right ? " ✓" : "", "</figcaption></figure>");
}

std::string row_of(const RetrievalExample& example) {
  std::string html = "<div class=\"query\"><div class=\"asked\">";
  if (!example.sentence.empty()) html += "<q>" + escape_html(example.sentence) + "</q>";
  if (!example.sound.empty()) html += sound_tag(example.sound);
  html += example.rank > 0 ? str("<p>right one at rank ", example.rank, " of ", example.candidates, "</p>")
                           : "<p>no picture is right</p>";
  html += "</div><div class=\"found\">";
  for (const FoundPicture& found : example.found) html += picture_of(found);
  return html + "</div></div>";
}

}  // namespace

std::vector<RetrievalExample> retrieval_examples(const TrainingData& data, const Evaluation& evaluation) {
  std::vector<RetrievalExample> examples;
  if (evaluation.image.empty()) return examples;
  const Gallery gallery(data, evaluation.image);
  for (const int64_t i : spread(evaluation.text, 0)) examples.push_back(gallery.example(evaluation.text, i));
  for (const int64_t i : spread(evaluation.speech, 1)) {
    RetrievalExample& example = examples.emplace_back(gallery.example(evaluation.speech, i));
    const data::Value sound =
        data.split(evaluation.speech.split).read(evaluation.speech.rows[static_cast<size_t>(i)], "audio");
    example.sound = data::encode_wav(sound.as<int16_t>(), data.mel().sample_rate);
  }
  return examples;
}

std::string retrieval_section(const std::vector<RetrievalExample>& examples) {
  if (examples.empty()) return "";
  std::string html =
      "<section><h2>Pictures found</h2><p>Held-out queries, evenly spread over the split, and the pictures that come "
      "first for them; the right ones are outlined. Beside a sound stands the sentence of its sample; point at a "
      "picture to read its own.</p>";
  for (const bool spoken : {false, true}) {
    std::string rows;
    for (const RetrievalExample& example : examples) {
      if (example.sound.empty() != spoken) rows += row_of(example);
    }
    if (!rows.empty()) html += (spoken ? "<h3>for sounds</h3>" : "<h3>for written sentences</h3>") + rows;
  }
  return html + "</section>";
}

}  // namespace triad::train
