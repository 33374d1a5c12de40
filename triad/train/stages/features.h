// From values in a data set to tensors of a batch.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "triad/core/tensor/tensor.h"
#include "triad/data/audio/log_mel.h"
#include "triad/data/shards/sharded_dataset.h"
#include "triad/data/text/tokenizer.h"

namespace triad::train {

/// A padded batch of token sequences.
struct TextBatch {
  Tensor ids_BT;   ///< i32
  Tensor mask_BT;  ///< bool, true for tokens
};

/// A padded batch of log-mel frames.
struct SpeechBatch {
  Tensor frames_BFM;  ///< f32
  Tensor lengths_B;   ///< i64, in frames
};

/// Sequences of ids, padded behind to the longest.
TextBatch collate_text(const std::vector<std::vector<int32_t>>& sequences, int32_t pad);
/// Pictures u8 [C, H, W] as f32 [B, C, H, W], centred and scaled: (x / 255 - 0.5) / 0.25.
Tensor collate_images(const std::vector<data::Value>& images);
/// Features padded behind with zeros to the longest.
SpeechBatch collate_speech(const std::vector<data::LogMel>& sounds);

/// The name that a list in dataset.json gives to a number in a sample: an answer, a type, a class. IoError outside of it.
const std::string& listed(const data::Manifest& manifest, const std::string& list, int64_t index);

/// A data set as the stages read it: the columns `text`, `image`, `audio` become tokens, pixels, log-mel frames. Thread-safe.
class TrainingData {
 public:
  /// IoError if the data set lacks what every stage needs: a tokenizer, and a sample rate where there is sound.
  TrainingData(const std::filesystem::path& folder, int64_t max_tokens);
  /// Data to measure a model on that was trained on `trained`, read with the tokenizer and the answers of that. IoError for
  /// sound of another rate.
  TrainingData(const std::filesystem::path& folder, const TrainingData& trained);

  const data::ShardedDataset& dataset() const { return dataset_; }
  bool has(std::string_view split) const { return dataset_.has_split(split); }
  const data::SplitReader& split(std::string_view name) const { return dataset_.split(name); }
  const data::Tokenizer& tokenizer() const { return *tokenizer_; }
  const data::LogMelOptions& mel() const { return mel_; }
  /// Closed list of answers; empty without questions.
  const std::vector<std::string>& answers() const { return answers_; }
  int64_t max_tokens() const { return max_tokens_; }
  bool has_sound() const { return dataset_.manifest().attributes.contains("sample_rate"); }
  bool has_pictures() const;
  /// [C, H, W]. IoError if the data set has no pictures, or none of that form.
  Shape picture_shape() const;

  std::vector<int32_t> tokens(const data::Value& text) const { return tokens(text.text()); }
  std::vector<int32_t> tokens(std::string_view text) const { return tokenizer_->encode_with_ends(text, max_tokens_); }
  data::LogMel features(const data::Value& audio) const;

 private:
  data::ShardedDataset dataset_;
  std::shared_ptr<const data::Tokenizer> tokenizer_;
  data::LogMelOptions mel_;
  std::vector<std::string> answers_;
  int64_t max_tokens_;
};

}  // namespace triad::train
