#include "triad/train/checkpoint/checkpoint.h"

#include <algorithm>
#include <charconv>
#include <cstring>
#include <iostream>
#include <map>

#include "triad/data/formats/durable_file.h"
#include "triad/data/formats/hdf5.h"
#include "triad/train/config/recipe.h"

namespace triad::train {
namespace {

using data::hdf5::File;

constexpr int64_t kSchema = 1;
constexpr data::hdf5::Layout kLayout{.deflate = 0};  // weights do not compress

std::span<const float> values_of(const Tensor& contiguous) { return {contiguous.data<float>(), static_cast<size_t>(contiguous.numel())}; }

/// The part of a flat array that belongs to a parameter.
Tensor slice_of(const Tensor& flat, const optim::Arena::Slice& slice) {
  return Tensor(flat.storage(), flat.dtype(), {slice.numel}, {1}, slice.offset);
}

File open_checked(const std::filesystem::path& file) {
  File in = File::open(file);
  require<IoError>(in.has_attribute("schema") && in.integer_attribute("schema") == kSchema, file.string(),
                   "is no checkpoint of schema ", kSchema);
  return in;
}

Tensor read_tensor(const File& in, const std::filesystem::path& file, const std::string& name, const Shape& shape) {
  require<IoError>(in.contains(name), file.string(), "has no tensor '", name, "'", Hint{"was it written by a model of another shape?"});
  const data::hdf5::Dataset stored = in.dataset(name);
  require<IoError>(stored.shape() == shape, file.string(), "tensor '", name, "' has shape ", stored.shape(), ", the model expects ",
                   shape);
  return from_values(stored.read<float>(), shape);
}

/// Stage and step of a file name; nothing for other files.
std::optional<std::pair<size_t, int64_t>> parse_name(const std::filesystem::path& file) {
  const std::string stem = file.stem().string();
  const size_t dash = stem.rfind('-');
  if (file.extension() != ".h5" || dash == std::string::npos) return std::nullopt;
  const auto stage = std::find(kStageNames.begin(), kStageNames.end(), stem.substr(0, dash));
  int64_t step = 0;
  const auto [end, error] = std::from_chars(stem.data() + dash + 1, stem.data() + stem.size(), step);
  if (stage == kStageNames.end() || error != std::errc() || end != stem.data() + stem.size()) return std::nullopt;
  return std::pair{static_cast<size_t>(stage - kStageNames.begin()), step};
}

/// Checkpoints in `dir`, the one that is furthest along first.
std::vector<std::filesystem::path> by_progress(const std::filesystem::path& dir) {
  std::vector<std::pair<std::pair<size_t, int64_t>, std::filesystem::path>> found;
  std::error_code error;
  for (const auto& entry : std::filesystem::directory_iterator(dir, error)) {
    if (const auto place = parse_name(entry.path())) found.emplace_back(*place, entry.path());
  }
  std::sort(found.begin(), found.end(), std::greater<>());
  std::vector<std::filesystem::path> files;
  for (auto& [place, file] : found) files.push_back(std::move(file));
  return files;
}

/// Every tensor below `group`, as bytes, by path.
void collect(const data::hdf5::Group& group, const std::string& prefix, std::map<std::string, std::vector<float>>& tensors) {
  constexpr int64_t kDeepest = 16;  // links can lead a group into itself
  require<IoError>(std::ranges::count(prefix, '/') < kDeepest, "checkpoint", "groups nest too deep: ",
                   group.where());
  for (const std::string& name : group.names()) {
    if (group.is_group(name)) collect(group.group(name), prefix + name + "/", tensors);
    else tensors[prefix + name] = group.read<float>(name);
  }
}

}  // namespace

void save_checkpoint(const std::filesystem::path& path, const std::vector<NamedParameter>& parameters,
                     const optim::Arena& arena, optim::Optimizer& optimizer, const Progress& progress) {
  data::StagedFile staged(path);
  File file = File::create(staged.temporary_path());
  file.set_attribute("schema", kSchema);
  file.set_attribute("stage", std::string_view(progress.stage));
  file.set_attribute("step", progress.step);
  file.set_attribute("seconds", progress.seconds);
  file.set_attribute("loaders", std::string_view(progress.loaders));
  file.set_attribute("optimizer_steps", optimizer.steps());
  for (const NamedParameter& p : parameters)
    file.write<float>("parameters/" + p.name, values_of(contiguous(p.parameter->value().detach())), p.parameter->shape(), kLayout);
  for (const optim::OptimizerState& state : optimizer.states()) {
    for (const optim::Arena::Slice& slice : arena.slices()) {
      file.write<float>("optimizer/" + state.name + "/" + slice.name, values_of(slice_of(state.values, slice)), {slice.numel}, kLayout);
    }
  }
  file.close();
  staged.publish();
}

Progress read_progress(const std::filesystem::path& path) {
  const File file = open_checked(path);
  return {.stage = file.text_attribute("stage"),
          .step = file.integer_attribute("step"),
          .seconds = file.real_attribute("seconds"),
          .loaders = file.text_attribute("loaders")};
}

void load_parameters(const std::filesystem::path& path, const std::vector<NamedParameter>& parameters) {
  const File file = open_checked(path);
  std::vector<Tensor> values;
  for (const NamedParameter& p : parameters) values.push_back(read_tensor(file, path, "parameters/" + p.name, p.parameter->shape()));
  for (size_t i = 0; i < parameters.size(); ++i) parameters[i].parameter->assign(parameters[i].name, values[i]);
}

void load_optimizer(const std::filesystem::path& path, const optim::Arena& arena, optim::Optimizer& optimizer) {
  const File file = open_checked(path);
  for (const optim::OptimizerState& state : optimizer.states()) {
    for (const optim::Arena::Slice& slice : arena.slices()) {
      Tensor part = slice_of(state.values, slice);
      copy_into(part, read_tensor(file, path, "optimizer/" + state.name + "/" + slice.name, {slice.numel}));
    }
  }
  optimizer.set_steps(file.integer_attribute("optimizer_steps"));
}

std::filesystem::path checkpoint_path(const std::filesystem::path& dir, const std::string& stage, int64_t step) {
  return dir / str(stage, "-", step, ".h5");
}

std::optional<std::filesystem::path> newest_checkpoint(const std::filesystem::path& dir) {
  for (const std::filesystem::path& file : by_progress(dir)) {
    try {
      read_progress(file);
      std::map<std::string, std::vector<float>> tensors;
      collect(File::open(file), "", tensors);  // reads every chunk against its checksum
      return file;
    } catch (const IoError& e) {
      std::cerr << "triad: passing over a damaged checkpoint: " << e.what() << '\n';
    }
  }
  return std::nullopt;
}

void remove_old_checkpoints(const std::filesystem::path& dir, const std::string& stage, int64_t keep) {
  int64_t seen = 0;
  for (const std::filesystem::path& file : by_progress(dir)) {
    if (kStageNames[parse_name(file)->first] == stage && ++seen > keep) std::filesystem::remove(file);
  }
}

std::vector<std::string> differing_tensors(const std::filesystem::path& a, const std::filesystem::path& b) {
  std::map<std::string, std::vector<float>> left, right;
  collect(open_checked(a), "", left);
  collect(open_checked(b), "", right);
  std::vector<std::string> names;
  for (const auto& [name, values] : left) {
    const auto other = right.find(name);
    const bool same = other != right.end() && other->second.size() == values.size() &&
                      std::memcmp(other->second.data(), values.data(), values.size() * sizeof(float)) == 0;
    if (!same) names.push_back(name);
  }
  for (const auto& [name, values] : right) {
    if (!left.contains(name)) names.push_back(name);
  }
  return names;
}

}  // namespace triad::train
