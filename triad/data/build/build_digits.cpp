// `digits`: handwritten digits, spoken digits and sentences about digits, paired by the digit.
#include <algorithm>
#include <array>
#include <iterator>

#include "triad/core/base/error.h"
#include "triad/core/base/philox.h"
#include "triad/data/build/builder.h"
#include "triad/data/build/digit_sentences.h"
#include "triad/data/build/digit_sources.h"
#include "triad/data/build/tokenizer_file.h"

namespace triad::data {
namespace {

const std::vector<BuilderOption>& options() {
  using Kind = BuilderOption::Kind;
  static const std::vector<BuilderOption> all = [] {
    std::vector<BuilderOption> list = {
        {"mnist", Kind::kPath, std::string(), true, "folder of *-images-idx3-ubyte[.gz] and *-labels-idx1-ubyte[.gz]"},
        {"fsdd", Kind::kPath, std::string(), true, "folder of DIGIT_SPEAKER_INDEX.wav"},
        {"pairs", Kind::kInteger, int64_t{48000}, false, "training samples of a picture, a clip and a sentence"},
        {"sentences", Kind::kInteger, int64_t{8000}, false, "sentences of the unpaired pool"},
        {"sample-rate", Kind::kInteger, int64_t{8000}, false, "of the clips, 8000 or 16000 Hz"},
        {"as-test", Kind::kFlag, false, false, "put everything into the test split, whatever the files are called"}};
    std::ranges::copy(TokenizerFile::options(256), std::back_inserter(list));
    return list;
  }();
  return all;
}

/// Indices of samples, by digit.
using ByDigit = std::array<std::vector<size_t>, 10>;

template <class Entries>
ByDigit by_digit(const Entries& entries, Part part) {
  ByDigit groups;
  for (size_t i = 0; i < entries.size(); ++i) {
    if (entries[i].part == part) groups[static_cast<size_t>(entries[i].digit)].push_back(i);
  }
  return groups;
}

size_t count(const ByDigit& groups) {
  size_t sum = 0;
  for (const auto& group : groups) sum += group.size();
  return sum;
}

class DigitsBuild {
 public:
  explicit DigitsBuild(const BuildRequest& request)
      : request_(request),
        pairs_(request.integer("pairs", 0, 10'000'000)),
        sentences_(request.integer("sentences", 0, 10'000'000)),
        tokenizer_(request),
        sample_rate_(request.sample_rate()),
        images_(read_digit_images(request.path("mnist"))),
        clips_(read_digit_clips(request.path("fsdd"), sample_rate_)),
        random_({.seed = request.seed, .site = random_site("data/digits")}),
        writer_(request.out, "digits", request.provenance("digits", options()), request.write) {
    if (request.flag("as-test")) {
      for (auto& entry : images_.entries) entry.part = Part::kTest;
      for (auto& entry : clips_.entries) entry.part = Part::kTest;
    }
    for (size_t digit = 0; digit < 10; ++digit) {
      trained_[digit] = digit_sentences(static_cast<int>(digit), SentencePart::kTraining);
      held_out_[digit] = digit_sentences(static_cast<int>(digit), SentencePart::kHeldOut);
    }
    image_ = {"image", ElementType::u8, false, images_.shape};
  }

  Manifest run() {
    write_pools();
    write_training_pairs();
    write_evaluation("validation", Part::kValidation);
    write_evaluation("test", Part::kTest);
    writer_.set_attribute("sample_rate", int64_t{sample_rate_});
    writer_.set_attribute("label_names", std::vector<std::string>(kDigitNames.begin(), kDigitNames.end()));
    writer_.set_attribute("speakers", clips_.speakers);
    writer_.set_attribute("image_probe", std::string("mnist"));
    writer_.set_attribute("speech_probe", std::string("spoken_digit"));
    std::vector<std::string> sources = images_.sources;
    sources.push_back(clips_.source);
    writer_.set_attribute("sources", sources);
    std::vector<std::string> texts;
    for (const auto& sentences : trained_) texts.insert(texts.end(), sentences.begin(), sentences.end());
    tokenizer_.add_to(writer_, texts);
    return writer_.finish();
  }

 private:
  std::span<const uint8_t> picture(size_t index) const {
    return {images_.pixels_of(index), static_cast<size_t>(images_.shape.numel())};
  }
  const std::string& sentence(const std::array<std::vector<std::string>, 10>& all, size_t digit) {
    return all[digit][random_.below(all[digit].size())];
  }
  size_t drawn(const std::vector<size_t>& group) { return group[random_.below(group.size())]; }

  void write_pools() {
    const ByDigit images = by_digit(images_.entries, Part::kTraining),
                  clips = by_digit(clips_.entries, Part::kTraining);
    if (count(images) > 0) {
      ShardWriter& pool = writer_.split("pool_image", {image_, label_});
      for (size_t i = 0; i < images_.entries.size(); ++i) {
        const auto& entry = images_.entries[i];
        if (entry.part == Part::kTraining) add(pool, {picture(i), int64_t{entry.digit}});
      }
    }
    if (count(clips) > 0) {
      ShardWriter& pool = writer_.split("pool_speech", {audio_, label_, speaker_});
      for (const auto& entry : clips_.entries) {
        if (entry.part == Part::kTraining) add(pool, {entry.samples, int64_t{entry.digit}, entry.speaker});
      }
    }
    if (count(images) + count(clips) == 0 || sentences_ == 0) return;
    ShardWriter& pool = writer_.split("pool_text", {text_, label_});
    for (int64_t i = 0; i < sentences_; ++i) {
      const size_t digit = random_.below(10);
      add(pool, {sentence(trained_, digit), static_cast<int64_t>(digit)});
    }
  }

  /// Pictures in turn, in a random order, each with a random clip and sentence of its digit. Samples of one digit are
  /// positives of each other: the digit is their identity.
  void write_training_pairs() {
    const ByDigit images = by_digit(images_.entries, Part::kTraining),
                  clips = by_digit(clips_.entries, Part::kTraining);
    if (count(images) == 0 || count(clips) == 0) return;
    std::vector<size_t> order;
    for (size_t digit = 0; digit < 10; ++digit) {
      if (!clips[digit].empty()) order.insert(order.end(), images[digit].begin(), images[digit].end());
    }
    require<IoError>(!order.empty(), "data build", "no digit is both written and spoken in the training files");
    random_.shuffle(order);
    ShardWriter& pairs = writer_.split("train", {image_, text_, audio_, identity_, label_});
    for (int64_t i = 0; i < pairs_; ++i) {
      const size_t image = order[static_cast<size_t>(i) % order.size()];
      const auto digit = static_cast<size_t>(images_.entries[image].digit);
      const int64_t label = images_.entries[image].digit;
      const std::string& text = sentence(trained_, digit);
      add(pairs, {picture(image), text, clips_.entries[drawn(clips[digit])].samples, label, label});
    }
  }

  /// Every picture and every clip of the part. Each clip comes once, with a picture of its digit; the other pictures
  /// have an empty clip. A digit with more clips than pictures shows its pictures again. Sentences are of the held-out
  /// forms. A part that lacks pictures or clips altogether cannot be evaluated like the others, so its name says what
  /// it has.
  void write_evaluation(std::string name, Part part) {
    const ByDigit images = by_digit(images_.entries, part), clips = by_digit(clips_.entries, part);
    const bool has_images = count(images) > 0, has_clips = count(clips) > 0;
    if (!has_images && !has_clips) return;
    if (!has_clips) name += "_image";
    if (!has_images) name += "_speech";
    struct Row {
      size_t digit, image, clip;
    };
    constexpr size_t kNone = ~size_t{0};
    std::vector<Row> rows;
    for (size_t digit = 0; digit < 10; ++digit) {
      const auto &seen = images[digit], &heard = clips[digit];
      if (has_images && seen.empty()) {
        require<IoError>(heard.empty(), "data build", "there are clips but no pictures of ", digit, " for split '",
                         name, "'");
      }
      for (size_t i = 0; i < std::max(seen.size(), heard.size()); ++i) {
        rows.push_back({digit, has_images ? seen[i % seen.size()] : kNone, i < heard.size() ? heard[i] : kNone});
      }
    }
    random_.shuffle(rows);
    std::vector<ColumnSpec> columns;
    if (has_images) columns.push_back(image_);
    columns.push_back(text_);
    if (has_clips) columns.push_back(audio_);
    columns.push_back(identity_);
    columns.push_back(label_);
    ShardWriter& split = writer_.split(name, columns);
    static const std::vector<int16_t> silence;
    for (const Row& row : rows) {
      const auto label = static_cast<int64_t>(row.digit);
      const std::string& text = sentence(held_out_, row.digit);
      std::vector<Cell> cells;
      if (has_images) cells.emplace_back(picture(row.image));
      cells.emplace_back(text);
      if (has_clips) cells.emplace_back(row.clip == kNone ? silence : clips_.entries[row.clip].samples);
      cells.emplace_back(label);
      cells.emplace_back(label);
      add(split, cells);
    }
  }

  void add(ShardWriter& split, std::initializer_list<Cell> cells) {
    add(split, std::span(cells.begin(), cells.size()));
  }
  void add(ShardWriter& split, std::span<const Cell> cells) {
    split.add(cells);
    if (++done_ % 1000 == 0 && request_.progress) request_.progress(done_);
  }

  const BuildRequest& request_;
  int64_t pairs_, sentences_;
  TokenizerFile tokenizer_;
  int sample_rate_;
  DigitImages images_;
  DigitClips clips_;
  std::array<std::vector<std::string>, 10> trained_, held_out_;
  RandomStream random_;
  DatasetWriter writer_;
  ColumnSpec image_, text_{"text", ElementType::u8, true, {}}, audio_{"audio", ElementType::i16, true, {}};
  ColumnSpec identity_{"identity", ElementType::i64, false, {}}, label_{"label", ElementType::i64, false, {}};
  ColumnSpec speaker_{"speaker", ElementType::i64, false, {}};
  int64_t done_ = 0;
};

const RegisterBuilder registered([] {
  return Builder{"digits", "handwritten digits (MNIST), spoken digits (FSDD) and sentences about digits", options(),
                 [](const BuildRequest& request) { return DigitsBuild(request).run(); }};
});

}  // namespace
}  // namespace triad::data
