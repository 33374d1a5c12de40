// BERTs of Hugging Face's transformers as modules of triad, weight for weight.
#pragma once

#include <filesystem>
#include <memory>

#include "triad/data/text/wordpiece.h"
#include "triad/nn/encoders/text_encoder.h"
#include "triad/nn/heads/masked_lm.h"

namespace triad::train {

struct BertWeights {
  std::unique_ptr<nn::TextEncoder> encoder;
  std::unique_ptr<nn::MaskedLmHead> masked_lm;  ///< null where the file has no such head
};

/// The weights in a safetensors file, converted to f32. BertModel and what contains one as "bert." are known, and the names
/// "gamma" and "beta" of old files for weight and bias of a norm.
/// Passed over: position_ids, which count 0, 1, 2, …; the pooler and the head for the next sentence, which triad's models do
/// not have; the matrix and the bias of the decoder, if they are what they should be tied to.
/// Outputs are those of transformers, and gradients too, but for the token table where a loss looks at [PAD]: torch keeps
/// that row at 0 (padding_idx).
/// IoError naming file and tensor for one that is missing, of another shape than `options` ask for, not of floating point,
/// not finite, or unknown.
BertWeights read_bert_weights(const std::filesystem::path& file, const nn::TextEncoderOptions& options);

struct Bert : BertWeights {
  data::WordPiece tokenizer;
};

/// A folder with config.json, vocab.txt and model.safetensors, and tokenizer_config.json if there is one. IoError as of
/// read_bert_config, read_bert_tokenizer and read_bert_weights, and for more pieces than the model has rows.
Bert read_bert(const std::filesystem::path& folder);

}  // namespace triad::train
