#include "triad/train/loop/accumulate.h"

#include <algorithm>

#include "triad/autograd/autograd.h"
#include "triad/ops/elementwise/binary.h"
#include "triad/ops/reduce/sum.h"
#include "triad/ops/shape/concat.h"
#include "triad/ops/shape/reshape.h"
#include "triad/train/parallel/global_losses.h"

namespace triad::train {
namespace {

struct Piece {
  int64_t first, count;
};

std::vector<Piece> cut(int64_t size, int64_t pieces) {
  std::vector<Piece> cuts;
  for (int64_t i = 0; i < pieces; ++i) {
    const int64_t first = size * i / pieces, end = size * (i + 1) / pieces;
    if (end > first) cuts.push_back({first, end - first});
  }
  return cuts;
}

nn::Context context_of(const nn::Context& batch, const Piece& piece) {
  nn::Context context = batch;
  context.key.sample += static_cast<uint32_t>(piece.first);
  return context;
}

/// Adds the gradient of the sum of `parts`. Samples without a token to predict, a question or a pair depend on no
/// parameter and have none.
void differentiate(const std::vector<Tensor>& parts) {
  Tensor total;
  for (const Tensor& part : parts) total = total.defined() ? total + part : part;
  if (total.defined() && total.requires_grad()) backward(total);
}

/// The terms over samples of one piece, weighted; their values are added to `loss`.
std::vector<Tensor> weighted_terms(const std::vector<LossTerm>& terms, const std::vector<Tensor>& sums,
                                   StepLoss& loss) {
  require<ValueError>(sums.size() == terms.size(), "accumulate_gradients", sums.size(), " sums for ", terms.size(),
                      " terms");
  std::vector<Tensor> weighted;
  for (size_t i = 0; i < terms.size(); ++i) {
    if (terms[i].count == 0) continue;
    const double mean = sums[i].item() / terms[i].count;
    loss.parts[terms[i].name] += mean;
    loss.total += terms[i].weight * mean;
    weighted.push_back(sums[i] * (terms[i].weight / terms[i].count));
  }
  return weighted;
}

StepLoss in_one_piece(Stage& stage, const std::vector<LossTerm>& terms, const nn::Context& context,
                      const PassHooks& hooks) {
  StepLoss loss;
  const Forward forward = stage.forward(0, stage.size(), context);
  std::vector<Tensor> parts = weighted_terms(terms, forward.sums, loss);
  if (stage.contrasts()) {
    parts.push_back(stage.contrast(forward.embeddings, loss.parts));
    loss.total += parts.back().item();
  }
  hooks.before(true);
  differentiate(parts);
  hooks.after();
  return loss;
}

/// Embeddings of the whole batch as leaves, and how many rows of each belong to each piece.
struct CachedEmbeddings {
  std::vector<Tensor> leaves;
  std::vector<std::vector<int64_t>> rows;  ///< [kind][piece]
};

CachedEmbeddings embed_without_tape(Stage& stage, const std::vector<Piece>& pieces, const nn::Context& context) {
  const NoGrad no_tape;
  std::vector<std::vector<Tensor>> by_kind;
  CachedEmbeddings cached;
  for (const Piece& piece : pieces) {
    const std::vector<Tensor> embeddings = stage.embed(piece.first, piece.count, context_of(context, piece));
    by_kind.resize(embeddings.size());
    cached.rows.resize(embeddings.size());
    for (size_t kind = 0; kind < embeddings.size(); ++kind) {
      by_kind[kind].push_back(embeddings[kind]);
      cached.rows[kind].push_back(embeddings[kind].size(0));
    }
  }
  for (const std::vector<Tensor>& parts : by_kind) cached.leaves.push_back(requires_grad(ops::concat(parts, 0)));
  return cached;
}

StepLoss in_pieces(Stage& stage, const std::vector<LossTerm>& terms, const std::vector<Piece>& pieces,
                   const nn::Context& context, const PassHooks& hooks) {
  StepLoss loss;
  CachedEmbeddings cached;
  if (stage.contrasts()) {
    cached = embed_without_tape(stage, pieces, context);
    const Tensor contrast = stage.contrast(cached.leaves, loss.parts);
    loss.total += contrast.item();
    differentiate({contrast});
  }
  std::vector<int64_t> row(cached.leaves.size());
  for (size_t i = 0; i < pieces.size(); ++i) {
    const Forward forward = stage.forward(pieces[i].first, pieces[i].count, context_of(context, pieces[i]));
    std::vector<Tensor> parts = weighted_terms(terms, forward.sums, loss);
    for (size_t kind = 0; kind < cached.leaves.size(); ++kind) {
      const Tensor all = grad(cached.leaves[kind]);
      const int64_t count = cached.rows[kind][i], first = std::exchange(row[kind], row[kind] + count);
      if (all.defined() && count > 0)
        parts.push_back(ops::sum(forward.embeddings[kind] * ops::slice(all, 0, first, first + count)));
    }
    hooks.before(i + 1 == pieces.size());
    differentiate(parts);
    hooks.after();
  }
  return loss;
}

}  // namespace

Tensor Stage::contrast(const std::vector<Tensor>&, std::map<std::string, double>&) {
  fail<ValueError>(name(), "this stage has no contrastive loss");
}

StepLoss accumulate_gradients(Stage& stage, int64_t pieces, const nn::Context& step_context, comm::Communicator& comm,
                              const PassHooks& hooks) {
  nn::Context context = step_context;
  context.key.sample += static_cast<uint32_t>(stage.first());
  const std::vector<LossTerm> terms = global_terms(stage.terms(), comm);
  const std::vector<Piece> cuts = cut(stage.size(), pieces);
  StepLoss loss =
      cuts.size() <= 1 ? in_one_piece(stage, terms, context, hooks) : in_pieces(stage, terms, cuts, context, hooks);
  for (auto pass = std::max<int64_t>(std::ssize(cuts), 1); pass < pieces; ++pass) {
    hooks.before(false);
    hooks.after();
  }
  return loss;
}

}  // namespace triad::train
