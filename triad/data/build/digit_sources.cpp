#include "triad/data/build/digit_sources.h"

#include <algorithm>
#include <map>
#include <regex>
#include <system_error>

#include "triad/core/base/error.h"
#include "triad/data/audio/pcm.h"
#include "triad/data/audio/sound_file.h"
#include "triad/data/build/source_files.h"
#include "triad/data/formats/idx.h"

namespace triad::data {
namespace {

namespace fs = std::filesystem;

constexpr double kLongestClip = 10;  // seconds

/// The label file that belongs to an image file, plain or compressed.
fs::path labels_of(const fs::path& folder, const std::string& prefix, const fs::path& images) {
  for (const char* ending :
       {"-labels-idx1-ubyte", "-labels-idx1-ubyte.gz", "-labels.idx1-ubyte", "-labels.idx1-ubyte.gz"}) {
    std::error_code ignored;
    if (const fs::path path = folder / (prefix + ending); fs::is_regular_file(path, ignored)) return path;
  }
  fail<IoError>("data build", "no labels for ", images.string(),
                Hint{"expected " + prefix + "-labels-idx1-ubyte or " + prefix + "-labels-idx1-ubyte.gz beside it"});
}

void append_pair(const fs::path& image_file, const fs::path& label_file, bool is_training, DigitImages& all) {
  const IdxArray images = read_idx(image_file), labels = read_idx(label_file);
  require<IoError>(images.shape.rank() == 3 && labels.shape.rank() == 1 && images.shape[0] == labels.shape[0],
                   "data build", image_file.string(), " has shape ", images.shape, ", ", label_file.string(),
                   " has shape ", labels.shape, Hint{"expected [N, height, width] and [N]"});
  const int64_t count = images.shape[0];
  if (count == 0) return;
  const Shape shape{1, images.shape[1], images.shape[2]};
  require<IoError>(shape.numel() > 0 && (all.entries.empty() || all.shape == shape), "data build", image_file.string(),
                   " has pictures of shape ", shape,
                   all.entries.empty() ? "" : str(", the files before of ", all.shape));
  all.shape = shape;
  const int64_t training = count - count / 12;
  for (int64_t i = 0; i < count; ++i) {
    const int digit = labels.values[static_cast<size_t>(i)];
    require<IoError>(digit <= 9, "data build", label_file.string(), ": label ", i, " is ", digit, ", expected 0 to 9");
    const Part part = !is_training ? Part::kTest : i < training ? Part::kTraining : Part::kValidation;
    all.entries.push_back({digit, part});
  }
  all.pixels.insert(all.pixels.end(), images.values.begin(), images.values.end());
  all.sources.push_back(describe_source(image_file));
  all.sources.push_back(describe_source(label_file));
}

}  // namespace

DigitImages read_digit_images(const fs::path& folder) {
  static const std::regex name("(.+)-images[-.]idx3-ubyte(\\.gz)?");
  std::map<fs::path, fs::path> pairs;  // image file without ".gz", and the one to read: the plain one if there are both
  for (const fs::path& path : files_below(folder)) {
    if (!std::regex_match(path.filename().string(), name)) continue;
    pairs.try_emplace(path.extension() == ".gz" ? fs::path(path).replace_extension() : path, path);
  }
  require<IoError>(!pairs.empty(), "data build", "no MNIST files in ", folder.string(),
                   Hint{"expected pairs like train-images-idx3-ubyte.gz and train-labels-idx1-ubyte.gz"});
  DigitImages all;
  for (const auto& [key, path] : pairs) {
    std::smatch match;
    const std::string file = path.filename().string();
    std::regex_match(file, match, name);
    append_pair(path, labels_of(path.parent_path(), match[1], path), file.starts_with("train"), all);
  }
  require<IoError>(!all.entries.empty(), "data build", "the MNIST files in ", folder.string(), " hold no pictures");
  return all;
}

DigitClips read_digit_clips(const fs::path& folder, int sample_rate) {
  static const std::regex name("([0-9])_([A-Za-z0-9-]+)_([0-9]{1,6})\\.wav");
  struct Recording {
    fs::path path;
    int digit;
    std::string speaker;
    int index;
  };
  std::vector<Recording> files;
  DigitClips all;
  for (const fs::path& path : files_below(folder)) {
    std::smatch match;
    const std::string file = path.filename().string();
    if (!std::regex_match(file, match, name)) continue;
    files.push_back({path, std::stoi(match[1]), match[2], std::stoi(match[3])});
    all.speakers.push_back(match[2]);
  }
  require<IoError>(!files.empty(), "data build", "no spoken digits in ", folder.string(),
                   Hint{"expected files named DIGIT_SPEAKER_INDEX.wav, such as 7_jackson_12.wav"});
  std::ranges::sort(all.speakers);
  all.speakers.erase(std::unique(all.speakers.begin(), all.speakers.end()), all.speakers.end());
  std::vector<fs::path> paths;
  for (const Recording& file : files) {
    paths.push_back(file.path);
    const Waveform sound = read_sound(file.path, sample_rate);
    require<IoError>(sound.duration() <= kLongestClip, "data build", file.path.string(), " lasts ", sound.duration(),
                     " s, a spoken digit at most ", kLongestClip);
    const auto speaker = std::ranges::lower_bound(all.speakers, file.speaker) - all.speakers.begin();
    const Part part = file.index < 5 ? Part::kTest : file.index < 10 ? Part::kValidation : Part::kTraining;
    all.entries.push_back({file.digit, part, speaker, to_pcm16(sound.samples)});
  }
  all.source = describe_sources(paths, str(files.size(), " spoken digits"));
  return all;
}

}  // namespace triad::data
