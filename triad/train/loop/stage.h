// A stage of training as the loop sees it.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "triad/autograd/parameter.h"
#include "triad/data/loader/loader.h"
#include "triad/nn/module.h"

namespace triad::train {

/// A term of the loss that is a mean of things inside single samples: tokens, pixels, frames, answers. Its value is
/// weight * (sum over all samples) / count.
struct LossTerm {
  std::string name;
  double weight = 1;
  double count = 0;  ///< known before anything is computed
};

/// What some samples of a batch give.
struct Forward {
  std::vector<Tensor> sums;        ///< scalar f32, one a LossTerm
  std::vector<Tensor> embeddings;  ///< what the contrastive loss compares: [rows, D] each; rows in the order of samples
};

/// Losses are split into sums over samples and one function of the embeddings of all samples, because only so can a
/// batch be cut into pieces without changing its gradient: see accumulate.h.
class Stage {
 public:
  virtual ~Stage() = default;

  virtual std::string_view name() const = 0;
  /// Everything the stage trains.
  virtual std::vector<NamedParameter> parameters() = 0;

  /// Fetches the next batch; later calls are about it. Which one it is depends on the seed of the run and on how many
  /// came before, and on nothing else.
  virtual void load() = 0;
  /// Where the batches stand, for checkpoints.
  virtual data::LoaderState loader_state() const = 0;
  /// ValueError if the state is of another data set or recipe.
  virtual void restore_loader(const data::LoaderState& state) = 0;
  /// Samples in this rank's part of the batch.
  virtual int64_t size() const = 0;
  /// Place of the first of them in the batch of all ranks.
  virtual int64_t first() const { return 0; }
  /// With the counts of this rank's part.
  virtual std::vector<LossTerm> terms() const = 0;
  /// Samples first..first+count of this rank's part. `context.key.sample` is the position of the first in the batch of all.
  virtual Forward forward(int64_t first, int64_t count, const nn::Context& context) = 0;

  /// The embeddings that forward() gives, and nothing else.
  virtual std::vector<Tensor> embed(int64_t first, int64_t count, const nn::Context& context) {
    return forward(first, count, context).embeddings;
  }

  /// False where there is no contrastive loss; embeddings stay empty then.
  virtual bool contrasts() const { return false; }
  /// This rank's part of the weighted contrastive loss of the embeddings of all ranks; 0 where no two of them meet. Called on
  /// all ranks alike. Adds its parts to `parts` for the log.
  virtual Tensor contrast(const std::vector<Tensor>& embeddings, std::map<std::string, double>& parts);

  /// Adds what else there is to log: numbers that are the same on all ranks.
  virtual void measure(std::map<std::string, double>&) const {}

  /// After the optimizer: constraints on parameters.
  virtual void after_step() {}
};

}  // namespace triad::train
