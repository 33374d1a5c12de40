#include "triad/train/checkpoint/checkpoint.h"

#include <algorithm>
#include <array>
#include <span>

#include "triad/data/formats/durable_file.h"
#include "triad/data/formats/hdf5.h"
#include "triad/ops/registry/comparison.h"
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

bool begins_as_hdf5(const std::filesystem::path& path) {
  constexpr std::string_view kSignature = "\x89HDF\r\n\x1a\n";
  data::RegularFile file(path);
  std::array<char, kSignature.size()> begin{};
  const size_t size = file.read(std::as_writable_bytes(std::span(begin)));
  return std::string_view(begin.data(), size) == kSignature;
}

/// The library is given no damaged file: there are checks that it lacks.
File open_checked(const std::filesystem::path& file) {
  require<IoError>(file.extension() == ".h5" || begins_as_hdf5(file), file.string(),
                   "is no checkpoint: it neither ends in .h5 nor begins as an HDF5 file does",
                   Hint{"give a run, its checkpoints/STAGE-STEP.h5, or weights named FILE.safetensors"});
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

bool holds_weights_alone(const std::filesystem::path& file) { return file.extension() == ".safetensors"; }

constexpr std::string_view kParameters = "parameters/";

/// The tensors of a checkpoint, by their paths below the root; those of a safetensors file as if they were in one.
data::TensorMap read_tensors(const std::filesystem::path& path, Content content) {
  data::TensorMap tensors;
  if (holds_weights_alone(path)) {
    if (content == Content::everything) fail<ConfigError>(path.string(), "holds weights alone", Hint{"without --all"});
    for (auto& [name, tensor] : data::read_safetensors(path)) tensors[str(kParameters, name)] = std::move(tensor);
    return tensors;
  }
  const File file = open_checked(path);
  int64_t left = 100'000;
  if (content == Content::weights) collect(file.group("parameters"), std::string(kParameters), tensors, left);
  else collect(file, "", tensors, left);
  return tensors;
}

/// The name of the recipe of the run that a checkpoint lies in; nothing where that cannot be told.
std::optional<std::string> recipe_of(const std::filesystem::path& checkpoint) {
  const std::filesystem::path folder = std::filesystem::absolute(checkpoint).parent_path();
  if (folder.filename() != "checkpoints") return std::nullopt;
  try {
    return read_recipe(folder.parent_path() / "config.yaml").name;
  } catch (const Error&) {
    return std::nullopt;
  }
}

}  // namespace

void save_checkpoint(const std::filesystem::path& path, const std::vector<NamedParameter>& parameters,
                     const optim::Arena& arena, const SavedOptimizer& optimizer, const Progress& progress) {
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
  file.set_attribute("optimizer_steps", optimizer.steps);
  for (const NamedParameter& p : parameters)
    file.write<float>("parameters/" + p.name, values_of(contiguous(p.parameter->value().detach())),
                      p.parameter->shape(), kLayout);
  for (const optim::OptimizerState& state : optimizer.states) {
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
  data::TensorMap tensors;
  for (auto& [name, tensor] : read_tensors(path, Content::weights))
    tensors[name.substr(kParameters.size())] = std::move(tensor);
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
  if (const std::optional<std::string> recipe = recipe_of(checkpoint)) metadata["recipe"] = *recipe;
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

SavedOptimizer read_optimizer(const std::filesystem::path& path, const optim::Arena& arena,
                              const std::vector<std::string>& states) {
  const File file = open_checked(path);
  SavedOptimizer saved{.steps = file.integer_attribute("optimizer_steps"), .states = {}};
  for (const std::string& state : states) {
    saved.states.push_back({state, zeros({arena.numel()})});
    for (const optim::Arena::Slice& slice : arena.slices()) {
      Tensor part = slice_of(saved.states.back().values, slice);
      const std::string name = "optimizer/" + state + "/" + slice.name;
      require<IoError>(file.contains(name), path.string(), "has no tensor '", name, "'");
      const Tensor stored = read_tensor(file.dataset(name));
      require<IoError>(stored.shape() == part.shape(), path.string(), "tensor '", name, "' has shape ", stored.shape(),
                       ", the optimizer expects ", part.shape());
      copy_into(part, stored);
    }
  }
  return saved;
}

std::vector<std::string> differing_tensors(const std::filesystem::path& a, const std::filesystem::path& b,
                                           Content content) {
  const data::TensorMap left = read_tensors(a, content), right = read_tensors(b, content);
  std::vector<std::string> names;
  for (const auto& [name, values] : left) {
    const auto other = right.find(name);
    if (other == right.end() || !ops::compare_bits(values, other->second).passed) names.push_back(name);
  }
  for (const auto& [name, values] : right) {
    if (!left.contains(name)) names.push_back(name);
  }
  return names;
}

}  // namespace triad::train
