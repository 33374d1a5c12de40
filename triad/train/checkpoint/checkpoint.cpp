#include "triad/train/checkpoint/checkpoint.h"

#include <algorithm>
#include <charconv>
#include <iostream>
#include <span>

#include "triad/data/formats/durable_file.h"
#include "triad/data/formats/hdf5.h"
#include "triad/train/config/recipe.h"

namespace triad::train {
namespace {

using data::hdf5::File;

constexpr int64_t kSchema = 1;
constexpr data::hdf5::Layout kLayout{.deflate = 0};  // weights do not compress

std::span<const float> values_of(const Tensor& contiguous) {
  return {contiguous.data<float>(), static_cast<size_t>(contiguous.numel())};
}

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

Tensor read_tensor(const data::hdf5::Dataset& stored) { return from_values(stored.read<float>(), stored.shape()); }

std::string_view stage_of(const std::filesystem::path& file) { return kStageNames[parse_name(file)->first]; }

/// Adds every tensor below `group`, by path. Links can lead a group into itself, or many ways into one group: `left` bounds
/// how many more are entered.
void collect(const data::hdf5::Group& group, const std::string& prefix, data::TensorMap& tensors, int64_t& left) {
  constexpr int64_t kDeepest = 16;
  require<IoError>(std::ranges::count(prefix, '/') < kDeepest && --left >= 0, "checkpoint",
                   "groups nest too deep, or are too many: ", group.where());
  for (const std::string& name : group.names()) {
    if (group.is_group(name)) collect(group.group(name), prefix + name + "/", tensors, left);
    else tensors[prefix + name] = read_tensor(group.dataset(name));
  }
}

/// The tensors of a checkpoint, by their paths below the root.
data::TensorMap read_tensors(const std::filesystem::path& path, Content content) {
  const File file = open_checked(path);
  data::TensorMap tensors;
  int64_t left = 100'000;
  if (content == Content::weights) collect(file.group("parameters"), "parameters/", tensors, left);
  else collect(file, "", tensors, left);
  return tensors;
}

bool same_bits(const Tensor& a, const Tensor& b) {
  return a.shape() == b.shape() && std::ranges::equal(std::as_bytes(values_of(a)), std::as_bytes(values_of(b)));
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
    file.write<float>("parameters/" + p.name, values_of(contiguous(p.parameter->value().detach())),
                      p.parameter->shape(), kLayout);
  for (const optim::OptimizerState& state : optimizer.states()) {
    for (const optim::Arena::Slice& slice : arena.slices()) {
      file.write<float>("optimizer/" + state.name + "/" + slice.name, values_of(slice_of(state.values, slice)),
                        {slice.numel}, kLayout);
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

data::TensorMap read_parameters(const std::filesystem::path& path) {
  constexpr std::string_view kFolder = "parameters/";
  data::TensorMap tensors;
  for (auto& [name, tensor] : read_tensors(path, Content::weights))
    tensors[name.substr(kFolder.size())] = std::move(tensor);
  return tensors;
}

void assign_parameters(const std::string& source, const data::TensorMap& tensors,
                       const std::vector<NamedParameter>& parameters) {
  for (const NamedParameter& p : parameters) {
    const auto found = tensors.find(p.name);
    require<IoError>(found != tensors.end(), source, "has no tensor '", p.name, "'",
                     Hint{"was it written by a model of another shape?"});
    const Tensor& tensor = found->second;
    require<IoError>(tensor.shape() == p.parameter->shape(), source, "tensor '", p.name, "' has shape ", tensor.shape(),
                     ", the model expects ", p.parameter->shape());
    require<IoError>(is_floating(tensor.dtype()), source, "tensor '", p.name, "' is ", tensor.dtype(),
                     ", the model expects f32");
  }
  for (const NamedParameter& p : parameters) p.parameter->assign(p.name, tensors.at(p.name));
}

void load_parameters(const std::filesystem::path& path, const std::vector<NamedParameter>& parameters) {
  const bool weights_alone = path.extension() == ".safetensors";
  assign_parameters(path.string(), weights_alone ? data::read_safetensors(path) : read_parameters(path), parameters);
}

void export_parameters(const std::filesystem::path& checkpoint, const std::filesystem::path& out) {
  const Progress progress = read_progress(checkpoint);
  data::SafetensorsMetadata metadata{{"stage", progress.stage}, {"step", str(progress.step)}};
  const std::filesystem::path config = checkpoint.parent_path().parent_path() / "config.yaml";
  if (std::filesystem::exists(config)) metadata["recipe"] = read_recipe(config).name;
  data::write_safetensors(out, read_parameters(checkpoint), metadata);
}

void load_optimizer(const std::filesystem::path& path, const optim::Arena& arena, optim::Optimizer& optimizer) {
  const File file = open_checked(path);
  for (const optim::OptimizerState& state : optimizer.states()) {
    for (const optim::Arena::Slice& slice : arena.slices()) {
      Tensor part = slice_of(state.values, slice);
      const std::string name = "optimizer/" + state.name + "/" + slice.name;
      require<IoError>(file.contains(name), path.string(), "has no tensor '", name, "'");
      const Tensor stored = read_tensor(file.dataset(name));
      require<IoError>(stored.shape() == part.shape(), path.string(), "tensor '", name, "' has shape ", stored.shape(),
                       ", the optimizer expects ", part.shape());
      copy_into(part, stored);
    }
  }
  optimizer.set_steps(file.integer_attribute("optimizer_steps"));
}

std::filesystem::path checkpoint_path(const std::filesystem::path& dir, const std::string& stage, int64_t step) {
  return dir / str(stage, "-", step, ".h5");
}

std::vector<std::filesystem::path> list_checkpoints(const std::filesystem::path& dir) {
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

std::optional<std::filesystem::path> newest_checkpoint(const std::filesystem::path& dir) {
  return newest_checkpoint(dir, "");
}

std::optional<std::filesystem::path> newest_checkpoint(const std::filesystem::path& dir, std::string_view stage) {
  for (const std::filesystem::path& file : list_checkpoints(dir)) {
    if (!stage.empty() && stage_of(file) != stage) continue;
    try {
      read_progress(file);
      read_tensors(file, Content::everything);  // every chunk against its checksum
      return file;
    } catch (const IoError& e) {
      std::cerr << "triad: passing over a damaged checkpoint: " << e.what() << '\n';
    }
  }
  return std::nullopt;
}

bool was_trained(const std::filesystem::path& dir, std::string_view stage) {
  return std::ranges::any_of(list_checkpoints(dir), [&](const auto& file) { return stage_of(file) == stage; });
}

std::filesystem::path resolve_checkpoint(const std::filesystem::path& path) {
  if (!std::filesystem::is_directory(path)) return path;
  if (const auto newest = newest_checkpoint(path / "checkpoints")) return *newest;
  fail<IoError>(path.string(), "holds no checkpoint", Hint{"is it a run directory of `triad pretrain`?"});
}

void remove_old_checkpoints(const std::filesystem::path& dir, const std::string& stage, int64_t keep) {
  int64_t seen = 0;
  for (const std::filesystem::path& file : list_checkpoints(dir)) {
    if (stage_of(file) == stage && ++seen > keep) std::filesystem::remove(file);
  }
}

std::vector<std::string> differing_tensors(const std::filesystem::path& a, const std::filesystem::path& b,
                                           Content content) {
  const data::TensorMap left = read_tensors(a, content), right = read_tensors(b, content);
  std::vector<std::string> names;
  for (const auto& [name, values] : left) {
    const auto other = right.find(name);
    if (other == right.end() || !same_bits(values, other->second)) names.push_back(name);
  }
  for (const auto& [name, values] : right) {
    if (!left.contains(name)) names.push_back(name);
  }
  return names;
}

}  // namespace triad::train
