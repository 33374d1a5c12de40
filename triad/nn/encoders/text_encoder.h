// BERT: token, position and segment embeddings, then post-norm transformer blocks.                  [arXiv:1810.04805]
// Axes: B batch, T positions, C width.
#pragma once

#include <memory>
#include <string_view>
#include <vector>

#include "triad/nn/layers/embedding.h"
#include "triad/nn/layers/norm.h"
#include "triad/nn/layers/transformer.h"
#include "triad/nn/module.h"

namespace triad::nn {

/// Which vector stands for a text.
enum class TextPooling {
  mean,  ///< the mean of its positions
  cls    ///< the first position, where [CLS] stands
};

struct TextEncoderOptions {
  int64_t vocabulary = 30522;
  int64_t width = 256;
  int64_t layers = 4;
  int64_t heads = 4;
  int64_t hidden = 1024;
  int64_t max_positions = 512;
  int64_t segments = 2;
  double dropout = 0.1;
  double attention_dropout = 0.1;
  TextPooling pooling = TextPooling::mean;
  double norm_eps = 1e-12;
  double initial_stddev = 0.02;
};

/// The published sizes "tiny" (2 layers, width 128), "mini" (4, 256), "small" (4, 512) and "base" (12, 768), with 64
/// channels a head. ValueError for another name.                                                     [arXiv:1908.08962]
TextEncoderOptions bert_preset(std::string_view name);

/// Weight for weight the BertModel of Hugging Face transformers, without its pooler.
class TextEncoder : public Module {
 public:
  TextEncoder(const TextEncoderOptions& options, RandomKey key);

  void visit(const Visitor& visitor) override;
  /// ids: i32 or i64 [B, T]; key_mask: bool [B, T] or undefined, false for padding; segments: ids of segments [B, T] or
  /// undefined, all 0 → last hidden states [B, T, C]. ShapeError if T exceeds the positions.
  Tensor forward(const Tensor& ids_BT, const Tensor& key_mask_BT, const Context& context,
                 const Tensor& segments_BT = {}) const;

  /// The last hidden states [B, T, C] and the mask given to forward() → one vector a text, [B, C].
  Tensor pool(const Tensor& hidden_BTC, const Tensor& key_mask_BT) const;

  const TextEncoderOptions& options() const { return options_; }

  Embedding tokens, positions, segments;
  LayerNorm embedding_norm;
  std::vector<std::unique_ptr<TransformerBlock>> layers;

 private:
  TextEncoderOptions options_;
};

}  // namespace triad::nn
