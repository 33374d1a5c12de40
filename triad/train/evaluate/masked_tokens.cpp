#include "triad/train/evaluate/masked_tokens.h"

#include <algorithm>
#include <vector>

#include "triad/autograd/grad_mode.h"
#include "triad/ops/reduce/extremum.h"
#include "triad/train/evaluate/counts.h"
#include "triad/train/stages/masked_text.h"

namespace triad::train {
namespace {

constexpr int64_t kBatch = 100;
const nn::Context kEvaluation{};

}  // namespace

std::optional<MaskedAccuracy> guess_masked_tokens(const Model& model, const TrainingData& training,
                                                  const TrainingData& data, std::string_view name,
                                                  double masked_share) {
  const NoGrad no_tape;
  const data::Tokenizer& tokenizer = training.tokenizer();
  Counts seen;
  const data::SplitReader& pool = training.split("pool_text");
  for (int64_t i = 0; i < pool.size(); ++i) {
    for (const int32_t id : tokenizer.encode(pool.read(i, "text").text())) seen.see(id);
  }
  const int64_t most_frequent = seen.most_frequent();
  const data::SplitReader& split = data.split(name);
  int64_t right = 0, by_unigram = 0, asked = 0;
  for (int64_t first = 0; first < split.size(); first += kBatch) {
    std::vector<std::vector<int32_t>> sequences;
    for (int64_t i = first; i < std::min(first + kBatch, split.size()); ++i)
      sequences.push_back(data.tokens(split.read(i, "text")));
    const auto [batch, positions, originals] =
        hide_tokens(std::move(sequences), tokenizer, masked_share, [&](size_t i) -> RandomKey {
          return {.site = random_site("evaluation"), .sample = static_cast<uint32_t>(first) + static_cast<uint32_t>(i)};
        });
    if (positions.empty()) continue;
    const Tensor hidden = model.text.forward(batch.ids_BT, batch.mask_BT, kEvaluation);
    const Tensor logits = model.masked_lm.forward(nn::rows_at(hidden, from_values(positions, {std::ssize(positions)})),
                                                  model.text.tokens);
    const std::vector<int64_t> guesses = ops::argmax(logits, -1).to_vector<int64_t>();
    for (size_t i = 0; i < guesses.size(); ++i) {
      right += guesses[i] == originals[i];
      by_unigram += most_frequent == originals[i];
    }
    asked += std::ssize(guesses);
  }
  if (asked == 0) return std::nullopt;
  return MaskedAccuracy{share(right, asked), share(by_unigram, asked)};
}

}  // namespace triad::train
