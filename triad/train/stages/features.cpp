#include "triad/train/stages/features.h"

#include <algorithm>

#include "triad/data/audio/pcm.h"

namespace triad::train {

TextBatch collate_text(const std::vector<std::vector<int32_t>>& sequences, int32_t pad) {
  size_t longest = 1;
  for (const auto& ids : sequences) longest = std::max(longest, ids.size());
  const Shape shape{std::ssize(sequences), static_cast<int64_t>(longest)};
  Tensor ids = full(shape, pad, DType::i32), mask = zeros(shape, DType::boolean);
  int32_t* id = ids.mutable_data<int32_t>();
  bool* seen = mask.mutable_data<bool>();
  for (const auto& sequence : sequences) {
    std::copy(sequence.begin(), sequence.end(), id);
    std::fill_n(seen, sequence.size(), true);
    id += longest, seen += longest;
  }
  return {ids, mask};
}

Tensor collate_images(const std::vector<data::Value>& images) {
  require<ValueError>(!images.empty(), "collate_images", "no pictures");
  const Shape& one = images.front().shape;
  require<IoError>(one.rank() == 3, "collate_images", "pictures have shape ", one, ", expected [C, H, W]");
  Tensor batch = empty({std::ssize(images), one[0], one[1], one[2]});
  float* out = batch.mutable_data<float>();
  for (const data::Value& image : images) {
    require<IoError>(image.shape == one, "collate_images", "pictures of shapes ", one, " and ", image.shape,
                     " in one batch");
    for (const uint8_t pixel : image.as<uint8_t>()) *out++ = (static_cast<float>(pixel) / 255 - 0.5f) / 0.25f;
  }
  return batch;
}

SpeechBatch collate_speech(const std::vector<data::LogMel>& sounds) {
  require<ValueError>(!sounds.empty(), "collate_speech", "no sounds");
  int64_t longest = 1;
  std::vector<int64_t> lengths;
  for (const data::LogMel& sound : sounds) {
    longest = std::max(longest, sound.frames);
    lengths.push_back(sound.frames);
  }
  Tensor frames = zeros({std::ssize(sounds), longest, sounds.front().mels});
  float* out = frames.mutable_data<float>();
  for (const data::LogMel& sound : sounds) {
    std::copy(sound.values.begin(), sound.values.end(), out);
    out += longest * sound.mels;
  }
  return {frames, from_values(lengths, {std::ssize(lengths)})};
}

const std::string& listed(const data::Manifest& manifest, const std::string& list, int64_t index) {
  const std::vector<std::string>& names = manifest.list(list);
  require<IoError>(index >= 0 && index < std::ssize(names), manifest.name, "a sample has ", index,
                   ", expected an index into the ", names.size(), " '", list, "'");
  return names[static_cast<size_t>(index)];
}

TrainingData::TrainingData(const std::filesystem::path& folder, int64_t max_tokens)
    : dataset_(folder), max_tokens_(max_tokens) {
  const std::string& name = dataset_.manifest().text("tokenizer");
  tokenizer_ = data::parse_tokenizer((folder / name).string(), dataset_.file(name));
  const data::Attributes& attributes = dataset_.manifest().attributes;
  if (has_sound()) mel_ = data::LogMelOptions::for_rate(static_cast<int>(dataset_.manifest().integer("sample_rate")));
  if (attributes.contains("answers")) answers_ = dataset_.manifest().list("answers");
}

TrainingData::TrainingData(const std::filesystem::path& folder, const TrainingData& trained)
    : dataset_(folder),
      tokenizer_(trained.tokenizer_),
      mel_(trained.mel_),
      answers_(trained.answers_),
      max_tokens_(trained.max_tokens_) {
  const data::Manifest &manifest = dataset_.manifest(), &known = trained.dataset_.manifest();
  if (!has_sound() || !trained.has_sound()) return;
  const int64_t rate = manifest.integer("sample_rate"), wanted = known.integer("sample_rate");
  require<IoError>(rate == wanted, folder.string(), "has sound of ", rate, " Hz, the data of the run, ",
                   trained.dataset_.folder().string(), ", of ", wanted, " Hz",
                   Hint{str("build it with --sample-rate ", wanted, ", if its builder has that option")});
}

namespace {

/// The column of pictures of a data set; null if there is none.
const data::ColumnSpec* picture_column(const data::Manifest& manifest) {
  for (const data::SplitEntry& split : manifest.splits) {
    const auto column = std::ranges::find(split.columns, "image", &data::ColumnSpec::name);
    if (column != split.columns.end()) return &*column;
  }
  return nullptr;
}

}  // namespace

bool TrainingData::has_pictures() const { return picture_column(dataset_.manifest()) != nullptr; }

Shape TrainingData::picture_shape() const {
  const data::ColumnSpec* column = picture_column(dataset_.manifest());
  const std::string folder = dataset_.folder().string();
  require<IoError>(column != nullptr, folder, "the data set has no pictures");
  require<IoError>(!column->ragged && column->shape.rank() == 3, folder, "pictures are ", *column,
                   ", expected u8 [C, H, W]");
  return column->shape;
}

data::LogMel TrainingData::features(const data::Value& audio) const {
  return data::log_mel(data::from_pcm16(audio.as<int16_t>()), mel_);
}

}  // namespace triad::train
