#include "triad/train/checkpoint/checkpoint.h"

#include <algorithm>
#include <span>

#include "triad/data/formats/durable_file.h"
#include "triad/data/formats/hdf5.h"
#include "triad/train/config/recipe.h"

namespace triad::train {
namespace {

using data::hdf5::File;

constexpr int64_t kSchema = 2;
constexpr data::hdf5::Layout kLayout{.deflate = 0};  // weights do not compress

std::span<const float> values_of(const Tensor& contiguous) {
  return {contiguous.data<float>(), static_cast<size_t>(contiguous.numel())};
}

/// The part of a flat array that belongs to a parameter.
Tensor slice_of(const Tensor& flat, const optim::Arena::Slice& slice) {
  return Tensor(flat.storage(), flat.dtype(), {slice.numel}, {1}, slice.offset);
}

/// The library is given no damaged file: there are checks that it lacks.
File open_checked(const std::filesystem::path& file) {
  data::check_seal(file);
  File in = File::open(file);
  require<IoError>(in.has_attribute("schema") && in.integer_attribute("schema") == kSchema, file.string(),
                   "is no checkpoint of schema ", kSchema);
  return in;
}

Tensor read_tensor(const data::hdf5::Dataset& stored) { return from_values(stored.read<float>(), stored.shape()); }

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

bool holds_weights_alone(const std::filesystem::path& file) { return file.extension() == ".safetensors"; }

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
  file.set_attribute("losses", std::string_view(progress.losses));
  file.set_attribute("data_name", std::string_view(progress.data.name));
  file.set_attribute("data_fingerprint", std::string_view(progress.data.fingerprint));
  file.set_attribute("data_vocabulary", std::string_view(progress.data.vocabulary));
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
  data::seal(staged.temporary_path());
  staged.publish();
}

Progress read_progress(const std::filesystem::path& path) {
  const File file = open_checked(path);
  return {.stage = file.text_attribute("stage"),
          .step = file.integer_attribute("step"),
          .seconds = file.real_attribute("seconds"),
          .loaders = file.text_attribute("loaders"),
          .losses = file.text_attribute("losses"),
          .data = {.name = file.text_attribute("data_name"),
                   .fingerprint = file.text_attribute("data_fingerprint"),
                   .vocabulary = file.text_attribute("data_vocabulary")}};
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
  assign_parameters(path.string(), holds_weights_alone(path) ? data::read_safetensors(path) : read_parameters(path),
                    parameters);
}

void export_parameters(const std::filesystem::path& checkpoint, const std::filesystem::path& out) {
  const Progress progress = read_progress(checkpoint);
  data::SafetensorsMetadata metadata{{"stage", progress.stage},
                                     {"step", str(progress.step)},
                                     {"data_name", progress.data.name},
                                     {"data_fingerprint", progress.data.fingerprint},
                                     {"data_vocabulary", progress.data.vocabulary}};
  const std::filesystem::path config = checkpoint.parent_path().parent_path() / "config.yaml";
  if (std::filesystem::exists(config)) metadata["recipe"] = read_recipe(config).name;
  data::write_safetensors(out, read_parameters(checkpoint), metadata);
}

std::optional<data::DataIdentity> data_of(const std::filesystem::path& file) {
  if (!holds_weights_alone(file)) return read_progress(file).data;
  data::SafetensorsMetadata metadata;
  data::read_safetensors(file, &metadata);
  if (!metadata.contains("data_vocabulary")) return std::nullopt;
  return data::DataIdentity{.name = metadata["data_name"],
                            .fingerprint = metadata["data_fingerprint"],
                            .vocabulary = metadata["data_vocabulary"]};
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
