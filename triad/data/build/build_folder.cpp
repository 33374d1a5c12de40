// `folder`: pictures, sounds and texts of one's own, unpaired and, where there is a list, paired.
#include <algorithm>
#include <iterator>
#include <map>
#include <optional>
#include <ranges>
#include <set>

#include "triad/core/base/error.h"
#include "triad/data/audio/pcm.h"
#include "triad/data/audio/sound_file.h"
#include "triad/data/build/builder.h"
#include "triad/data/build/pair_list.h"
#include "triad/data/build/prose.h"
#include "triad/data/build/source_files.h"
#include "triad/data/build/text_sources.h"
#include "triad/data/build/tokenizer_file.h"
#include "triad/data/image/picture_file.h"

namespace triad::data {
namespace {

namespace fs = std::filesystem;
using Paths = std::vector<fs::path>;

const std::vector<BuilderOption>& options() {
  using Kind = BuilderOption::Kind;
  static const std::vector<BuilderOption> all = [] {
    std::vector<BuilderOption> list = {
        {"images", Kind::kPath, std::string(), false, "folder of .png and .jpg files, the pool of pictures"},
        {"sounds", Kind::kPath, std::string(), false, "folder of .wav and .flac files, the pool of sounds"},
        {"texts", Kind::kPath, std::string(), false, "a .txt or .md file or a folder of them, the pool of texts"},
        {"pairs", Kind::kPath, std::string(), false,
         "list of what belongs together: a JSON object a line with any of image, audio (paths), text, identity, label. "
         "Samples of one identity are each other's right answers in retrieval (R@k); without identity all of one label "
         "are, and without both those of one image, else audio, else text"},
        {"held-out", Kind::kReal, 0.1, false,
         "share of the pairs (of the chapters, without pairs) in validation, and again in test"},
        {"size", Kind::kInteger, int64_t{64}, false, "side of the pictures: the middle square of each, resized"},
        {"grey", Kind::kFlag, false, false, "pictures of one channel instead of three"},
        {"sample-rate", Kind::kInteger, int64_t{16000}, false, "of the sounds, 8000 or 16000 Hz"},
        {"seconds", Kind::kInteger, int64_t{30}, false, "longest sound; longer ones of the pool become several"},
        {"passage-bytes", Kind::kInteger, int64_t{480}, false, "longest text; longer ones of the pool become several"},
        {"skip-damaged", Kind::kFlag, false, false,
         "leave out pictures and sounds that cannot be used, and name them"}};
    std::ranges::copy(TokenizerFile::options(8000), std::back_inserter(list));
    return list;
  }();
  return all;
}

std::string first_line(const std::string& text) { return text.substr(0, text.find('\n')); }

class FolderBuild {
 public:
  explicit FolderBuild(const BuildRequest& request)
      : request_(request),
        tokenizer_(request),
        side_(static_cast<int>(request.integer("size", 1, 4096))),
        channels_(request.flag("grey") ? 1 : 3),
        sample_rate_(request.sample_rate()),
        seconds_(request.integer("seconds", 1, 7200)),
        passage_bytes_(static_cast<size_t>(request.integer("passage-bytes", 32, 1 << 20))),
        held_out_(request.real("held-out", 0.0, 0.4)) {
    read_sources();
  }

  Manifest run() {
    writer_.emplace(request_.out, "folder", request_.provenance("folder", options()), request_.write);
    write_images();
    write_sounds();
    write_texts();
    for (const Part part : {Part::kTraining, Part::kValidation, Part::kTest}) write_pairs(part);
    if (!sounds_.empty() || any_has(&ListedPair::audio)) writer_->set_attribute("sample_rate", int64_t{sample_rate_});
    if (!pairs_.labels.empty()) writer_->set_attribute("label_names", pairs_.labels);
    writer_->set_attribute("sources", sources_);
    if (!skipped_.empty()) {
      const auto messages = std::views::values(skipped_);
      writer_->set_attribute("skipped", std::vector<std::string>(messages.begin(), messages.end()));
    }
    tokenizer_.add_to(*writer_, trained_on_);
    return writer_->finish();
  }

 private:
  /// Everything that can be known without opening pictures and sounds, so that most mistakes are found before a file is
  /// written.
  void read_sources() {
    const fs::path images = request_.path("images"), sounds = request_.path("sounds"), texts = request_.path("texts"),
                   pairs = request_.path("pairs");
    const std::string& p = request_.prefix;
    require<ConfigError>(!images.empty() || !sounds.empty() || !texts.empty() || !pairs.empty(), "data build",
                         "nothing to build a data set from",
                         Hint{str("give ", p, "images, ", p, "sounds, ", p, "texts or ", p, "pairs")});
    if (!pairs.empty()) {
      pairs_ = read_pairs(pairs);
      sources_.push_back(describe_source(pairs));
      std::vector<uint64_t> lots;
      for (const ListedPair& pair : pairs_.pairs) {
        check_files(pair, pairs);
        lots.push_back(draw_lot(request_.seed, pair.group));
      }
      parts_ = draw_parts(lots, held_out_, pairs.string(), "samples");
    }
    images_ = pool(images, {".png", ".jpg", ".jpeg"}, &ListedPair::image, "pictures");
    sounds_ = pool(sounds, {".wav", ".flac"}, &ListedPair::audio, "sounds");
    if (texts.empty()) return;
    texts_ = read_text_sources(texts, pairs.empty() ? held_out_ : 0, request_.seed);
    std::ranges::copy(texts_.described(), std::back_inserter(sources_));
  }

  void check_files(const ListedPair& pair, const fs::path& list) const {
    for (const fs::path& file : {pair.image, pair.audio}) {
      std::error_code missing;
      require<IoError>(file.empty() || request_.flag("skip-damaged") || fs::is_regular_file(file, missing),
                       "data build", list.string(), ", line ", pair.line, ": there is no file ", file.string());
    }
  }

  /// Whether some pair has an image, audio or text.
  bool any_has(auto ListedPair::* member) const {
    return std::ranges::any_of(pairs_.pairs, [&](const ListedPair& pair) { return !(pair.*member).empty(); });
  }

  /// Files of a pool: those below `folder` that are in no held-out pair; without a folder, those of the training pairs.
  Paths pool(const fs::path& folder, std::initializer_list<std::string_view> endings, fs::path ListedPair::* file,
             const char* what) {
    std::set<fs::path> trained, held_out;
    for (size_t i = 0; i < parts_.size(); ++i) {
      const fs::path& path = pairs_.pairs[i].*file;
      std::error_code missing;
      if (!path.empty())
        (parts_[i] == Part::kTraining ? trained : held_out).insert(fs::weakly_canonical(path, missing));
    }
    if (folder.empty()) return {trained.begin(), trained.end()};
    Paths files = files_below(folder, endings);
    require<IoError>(!files.empty(), "data build", "no ", what, " in ", folder.string(),
                     Hint{"they are told by their endings"});
    sources_.push_back(describe_sources(files, str(files.size(), " ", what)));
    std::erase_if(files, [&](const fs::path& path) {
      std::error_code missing;
      return held_out.contains(fs::weakly_canonical(path, missing));
    });
    return files;
  }

  std::vector<uint8_t> picture(const fs::path& file) const { return read_picture(file, channels_, side_, side_); }

  std::vector<int16_t> sound(const fs::path& file) const { return to_pcm16(read_sound(file, sample_rate_).samples); }

  /// What read() makes of `file`; nothing if that fails and the file may be left out.
  template <class Read>
  auto unless_damaged(const fs::path& file, const Read& read) -> std::optional<decltype(read())> {
    try {
      return read();
    } catch (const Error& e) {
      if (!request_.flag("skip-damaged")) throw;
      std::error_code missing;
      skipped_.emplace(fs::weakly_canonical(file, missing), first_line(e.what()));
      return std::nullopt;
    }
  }

  /// A split is not left empty: every file of it was damaged then, and the first is told.
  void require_usable(const ShardWriter& split, const std::string& things) const {
    if (split.size() == 0)
      fail<IoError>("data build", "none of the ", things, " can be used: ", skipped_.begin()->second);
  }

  void write_images() {
    if (images_.empty()) return;
    ShardWriter& split = writer_->split("pool_image", {{"image", ElementType::u8, false, {channels_, side_, side_}}});
    for (const fs::path& file : images_) {
      if (const auto pixels = unless_damaged(file, [&] { return picture(file); })) split.add({*pixels});
      tell();
    }
    require_usable(split, str(images_.size(), " pictures"));
  }

  void write_sounds() {
    if (sounds_.empty()) return;
    ShardWriter& split = writer_->split("pool_speech", {audio_});
    for (const fs::path& file : sounds_) {
      if (const auto samples = unless_damaged(file, [&] { return sound(file); })) {
        // Pieces of about one length, none lost.
        const size_t size = samples->size(), most = static_cast<size_t>(seconds_ * sample_rate_);
        const size_t pieces = (size + most - 1) / most;
        for (size_t i = 0; i < pieces; ++i) {
          const size_t begin = size * i / pieces, end = size * (i + 1) / pieces;
          split.add({std::span(*samples).subspan(begin, end - begin)});
        }
      }
      tell();
    }
    require_usable(split, str(sounds_.size(), " sounds"));
  }

  void write_texts() {
    std::map<Part, ShardWriter*> splits;
    const auto add = [&](Part part, const std::string& text) {
      ShardWriter*& split = splits[part];
      if (!split) split = &writer_->split(part == Part::kTraining ? "pool_text" : name_of(part), {text_});
      split->add({text});
      if (part == Part::kTraining) trained_on_.push_back(text);
    };
    for (const Chapter& chapter : texts_.chapters) {
      for (const std::string& passage : passages_of(chapter.text, passage_bytes_)) add(chapter.part, passage);
    }
    for (size_t i = 0; i < parts_.size(); ++i) {
      const std::string& text = pairs_.pairs[i].text;
      if (text.empty() || parts_[i] != Part::kTraining) continue;
      if (texts_.chapters.empty()) add(Part::kTraining, text);
      else trained_on_.push_back(text);
    }
  }

  void write_pairs(Part part) {
    if (std::ranges::count(parts_, part) == 0) return;
    const bool has_image = any_has(&ListedPair::image), has_text = any_has(&ListedPair::text),
               has_audio = any_has(&ListedPair::audio);
    // Pictures are ragged in their channels: a sample without one has none.
    std::vector<ColumnSpec> columns;
    if (has_image) columns.push_back({"image", ElementType::u8, true, {side_, side_}});
    if (has_text) columns.push_back(text_);
    if (has_audio) columns.push_back(audio_);
    columns.push_back({"identity", ElementType::i64, false, {}});
    if (!pairs_.labels.empty()) columns.push_back({"label", ElementType::i64, false, {}});
    ShardWriter& split = writer_->split(name_of(part), columns);
    for (size_t i = 0; i < parts_.size(); ++i) {
      if (parts_[i] != part) continue;
      const ListedPair& pair = pairs_.pairs[i];
      const auto image = unless_damaged(pair.image, [&] { return paired_picture(pair); });
      const auto audio = unless_damaged(pair.audio, [&] { return paired_sound(pair); });
      if (!image || !audio) continue;
      std::vector<Cell> cells;
      if (has_image) cells.emplace_back(*image);
      if (has_text) cells.emplace_back(pair.text);
      if (has_audio) cells.emplace_back(*audio);
      cells.emplace_back(pair.identity);
      if (!pairs_.labels.empty()) cells.emplace_back(pair.label);
      split.add(cells);
      tell();
    }
    require_usable(split, str("samples for '", name_of(part), "'"));
  }

  /// Empty for a pair without one, as below.
  std::vector<uint8_t> paired_picture(const ListedPair& pair) const {
    return pair.image.empty() ? std::vector<uint8_t>() : picture(pair.image);
  }

  std::vector<int16_t> paired_sound(const ListedPair& pair) const {
    if (pair.audio.empty()) return {};
    std::vector<int16_t> samples = sound(pair.audio);
    require<IoError>(std::ssize(samples) <= seconds_ * sample_rate_, "data build", pair.audio.string(), " lasts ",
                     std::ssize(samples) / sample_rate_, " s, a sound of a pair at most ", seconds_,
                     Hint{"cut it, or allow more: " + request_.prefix + "seconds"});
    return samples;
  }

  void tell() {
    if (++done_ % 500 == 0 && request_.progress) request_.progress(done_);
  }

  const BuildRequest& request_;
  TokenizerFile tokenizer_;
  int side_, channels_, sample_rate_;
  int64_t seconds_;
  size_t passage_bytes_;
  double held_out_;
  PairList pairs_;
  std::vector<Part> parts_;  ///< of the pairs
  Paths images_, sounds_;    ///< of the pools
  TextSources texts_;
  std::optional<DatasetWriter> writer_;
  ColumnSpec text_{"text", ElementType::u8, true, {}}, audio_{"audio", ElementType::i16, true, {}};
  std::vector<std::string> trained_on_, sources_;
  std::map<fs::path, std::string> skipped_;  ///< why, by canonical path: a file can be in a pool and in pairs
  int64_t done_ = 0;
};

const RegisterBuilder registered([] {
  return Builder{"folder", "your own pictures, sounds and texts, and which belong together", options(),
                 [](const BuildRequest& request) { return FolderBuild(request).run(); }};
});

}  // namespace
}  // namespace triad::data
