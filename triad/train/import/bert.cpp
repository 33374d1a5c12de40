#include "triad/train/import/bert.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <map>
#include <span>
#include <string>
#include <vector>

#include "triad/autograd/grad_mode.h"
#include "triad/data/formats/safetensors.h"
#include "triad/ops/shape/concat.h"
#include "triad/train/checkpoint/checkpoint.h"
#include "triad/train/import/bert_config.h"

namespace triad::train {
namespace {

/// Tensors of a file, each of which has to be asked for.
class Source {
 public:
  explicit Source(const std::filesystem::path& file) : name_(file.string()), reader_(file) {
    for (const data::SafetensorsEntry& entry : reader_.header().entries) unread_[entry.name] = &entry;
    all_ = unread_;
  }

  const std::string& name() const { return name_; }
  bool contains(const std::string& tensor) const { return all_.contains(tensor); }

  /// In f32, all of it finite. The shape is checked before anything is read.
  Tensor read(const std::string& tensor, const Shape& shape) {
    const auto found = all_.find(tensor);
    require<IoError>(found != all_.end(), name_, "has no tensor '", tensor, "'",
                     Hint{"does config.json describe this model?"});
    const data::SafetensorsEntry& entry = *found->second;
    require<IoError>(entry.shape == shape, name_, "tensor '", tensor, "' has shape ", entry.shape,
                     ", config.json asks for ", shape);
    require<IoError>(entry.dtype && is_floating(*entry.dtype), name_, "tensor '", tensor, "' is ", entry.type,
                     ", expected floating point");
    unread_.erase(tensor);
    Tensor values = clone_as(reader_.read(tensor), DType::f32);
    const std::span<const float> all(values.data<float>(), static_cast<size_t>(values.numel()));
    const auto bad = std::ranges::find_if_not(all, [](float v) { return std::isfinite(v); });
    require<IoError>(bad == all.end(), name_, "tensor '", tensor, "' is not finite: element ", bad - all.begin(),
                     " of it is ", bad == all.end() ? 0 : *bad);
    return values;
  }

  /// Passes a tensor over, if it is there.
  void skip(const std::string& tensor) { unread_.erase(tensor); }

  void refuse_unread() const {
    if (unread_.empty()) return;
    fail<IoError>(name_, "tensor '", unread_.begin()->first, "' belongs to no BertModel and no BertForMaskedLM",
                  Hint{"save the encoder alone: model.bert.save_pretrained(…)"});
  }

 private:
  using Entries = std::map<std::string, const data::SafetensorsEntry*>;

  std::string name_;
  data::SafetensorsReader reader_;
  Entries all_, unread_;
};

/// Moves the tensors of one part of the file into a map under the names of triad.
class Translation {
 public:
  Translation(Source& source, std::string prefix) : source_(source), prefix_(std::move(prefix)) {}

  void table(const std::string& ours, const std::string& theirs, int64_t rows, int64_t width) {
    tensors_[ours + ".weight"] = source_.read(prefix_ + theirs + ".weight", {rows, width});
  }
  void linear(const std::string& ours, const std::string& theirs, int64_t out, int64_t in) {
    table(ours, theirs, out, in);
    tensors_[ours + ".bias"] = source_.read(prefix_ + theirs + ".bias", {out});
  }
  /// One linear map from several with the same input, their outputs one after the other.
  void joined(const std::string& ours, const std::string& theirs, const std::array<std::string, 3>& parts,
              int64_t width) {
    std::vector<Tensor> weights, biases;
    for (const std::string& part : parts) {
      const std::string name = str(prefix_, theirs, part);
      weights.push_back(source_.read(name + ".weight", {width, width}));
      biases.push_back(source_.read(name + ".bias", {width}));
    }
    tensors_[ours + ".weight"] = ops::concat(weights, 0);
    tensors_[ours + ".bias"] = ops::concat(biases, 0);
  }
  void norm(const std::string& ours, const std::string& theirs, int64_t width) {
    const std::string name = prefix_ + theirs + ".LayerNorm";
    const bool is_old = source_.contains(name + ".gamma");
    tensors_[ours + ".weight"] = source_.read(name + (is_old ? ".gamma" : ".weight"), {width});
    tensors_[ours + ".bias"] = source_.read(name + (is_old ? ".beta" : ".bias"), {width});
  }
  void vector(const std::string& ours, const std::string& theirs, int64_t size) {
    tensors_[ours] = source_.read(prefix_ + theirs, {size});
  }

  const data::TensorMap& tensors() const { return tensors_; }

 private:
  Source& source_;
  std::string prefix_;
  data::TensorMap tensors_;
};

/// Options with which a module is made that gets its weights from elsewhere.
nn::TextEncoderOptions without_draws(nn::TextEncoderOptions options) {
  options.initial_stddev = 0;
  return options;
}

std::unique_ptr<nn::TextEncoder> read_encoder(Source& source, const nn::TextEncoderOptions& o) {
  const std::string prefix = source.contains("bert.embeddings.word_embeddings.weight") ? "bert." : "";
  Translation t(source, prefix);
  t.table("tokens", "embeddings.word_embeddings", o.vocabulary, o.width);
  t.table("positions", "embeddings.position_embeddings", o.max_positions, o.width);
  t.table("segments", "embeddings.token_type_embeddings", o.segments, o.width);
  t.norm("embedding_norm", "embeddings", o.width);
  for (int64_t i = 0; i < o.layers; ++i) {
    const std::string ours = str("layers.", i, "."), theirs = str("encoder.layer.", i, ".");
    t.joined(ours + "attention.query_key_value", theirs + "attention.self.", {"query", "key", "value"}, o.width);
    t.linear(ours + "attention.output", theirs + "attention.output.dense", o.width, o.width);
    t.norm(ours + "attention_norm", theirs + "attention.output", o.width);
    t.linear(ours + "feed_forward.inner", theirs + "intermediate.dense", o.hidden, o.width);
    t.linear(ours + "feed_forward.outer", theirs + "output.dense", o.width, o.hidden);
    t.norm(ours + "feed_forward_norm", theirs + "output", o.width);
  }
  source.skip(prefix + "embeddings.position_ids");
  source.skip(prefix + "pooler.dense.weight");
  source.skip(prefix + "pooler.dense.bias");
  auto encoder = std::make_unique<nn::TextEncoder>(without_draws(o), RandomKey{});
  assign_parameters(source.name(), t.tensors(), nn::parameters_of(*encoder));
  return encoder;
}

/// Checks a tensor that need not be there, because another one stands for it.
void check_tied(Source& source, const std::string& tensor, const Tensor& other, std::string_view meaning) {
  if (!source.contains(tensor)) return;
  const Tensor tied = source.read(tensor, other.shape());
  require<IoError>(tied.to_vector<float>() == other.to_vector<float>(), source.name(), "tensor '", tensor,
                   "' differs from ", meaning, ", to which MaskedLmHead ties it");
}

std::unique_ptr<nn::MaskedLmHead> read_masked_lm(Source& source, const nn::TextEncoder& encoder,
                                                 const nn::TextEncoderOptions& o) {
  source.skip("cls.seq_relationship.weight");
  source.skip("cls.seq_relationship.bias");
  if (!source.contains("cls.predictions.transform.dense.weight")) return nullptr;
  Translation t(source, "cls.predictions.");
  t.linear("transform", "transform.dense", o.width, o.width);
  t.norm("norm", "transform", o.width);
  t.vector("bias", source.contains("cls.predictions.bias") ? "bias" : "decoder.bias", o.vocabulary);
  check_tied(source, "cls.predictions.decoder.weight", encoder.tokens.weight.value(), "the token table");
  check_tied(source, "cls.predictions.decoder.bias", t.tensors().at("bias"), "cls.predictions.bias");
  auto head = std::make_unique<nn::MaskedLmHead>(o.width, o.vocabulary, o.norm_eps, 0, RandomKey{});
  assign_parameters(source.name(), t.tensors(), nn::parameters_of(*head));
  return head;
}

}  // namespace

BertWeights read_bert_weights(const std::filesystem::path& file, const nn::TextEncoderOptions& options) {
  const NoGrad no_tape;
  Source source(file);
  BertWeights weights;
  weights.encoder = read_encoder(source, options);
  weights.masked_lm = read_masked_lm(source, *weights.encoder, options);
  source.refuse_unread();
  return weights;
}

Bert read_bert(const std::filesystem::path& folder) {
  const nn::TextEncoderOptions options = read_bert_config(folder / "config.json");
  data::WordPiece tokenizer = read_bert_tokenizer(folder);
  require<IoError>(tokenizer.vocabulary_size() <= options.vocabulary, (folder / "vocab.txt").string(), "has ",
                   tokenizer.vocabulary_size(), " pieces, config.json says vocab_size ", options.vocabulary);
  return {read_bert_weights(folder / "model.safetensors", options), std::move(tokenizer)};
}

}  // namespace triad::train
