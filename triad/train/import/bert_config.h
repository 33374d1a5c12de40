// What the JSON files of a Hugging Face BERT say: config.json and tokenizer_config.json.
#pragma once

#include <filesystem>

#include "triad/data/text/wordpiece.h"
#include "triad/nn/encoders/text_encoder.h"

namespace triad::train {

/// The sizes in a config.json; what it lacks has the value BertConfig gives it. IoError naming file and key for values that
/// cannot be, and for models nn::TextEncoder does not compute: another architecture, an activation other than the exact
/// GELU, relative positions, a decoder.
nn::TextEncoderOptions read_bert_config(const std::filesystem::path& file);

/// The tokenizer of vocab.txt in `folder`, lowering as tokenizer_config.json says or, without that, as WordPiece::load
/// decides. IoError for settings WordPiece does not have: accents stripped without lowering or the other way round,
/// ideographs that stay together.
data::WordPiece read_bert_tokenizer(const std::filesystem::path& folder);

}  // namespace triad::train
