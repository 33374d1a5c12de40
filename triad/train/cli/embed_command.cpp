#include "triad/train/cli/embed_command.h"

#include <algorithm>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <CLI/CLI.hpp>

#include "triad/core/base/error.h"
#include "triad/data/formats/durable_file.h"
#include "triad/data/formats/safetensors.h"
#include "triad/train/evaluate/embed_inputs.h"
#include "triad/train/evaluate/hidden_states.h"
#include "triad/train/import/bert.h"
#include "triad/train/pretrain.h"

namespace triad::train {
namespace {

struct EmbedArguments {
  std::optional<std::string> hf, text_file;
  std::string run, out;
  std::vector<std::string> texts, images, sounds;
};

/// The lines of a file, empty ones too: row n of the result is line n.
std::vector<std::string> read_lines(const std::string& file) {
  constexpr int64_t kMost = int64_t{1} << 30;
  const std::string content = data::read_whole_file(file, kMost);
  require<IoError>(!content.empty(), file, "is empty, expected a text a line");
  std::vector<std::string> lines;
  for (size_t begin = 0; begin < content.size();) {
    const size_t end = std::min(content.find('\n', begin), content.size());
    lines.push_back(content.substr(begin, end - begin));
    if (lines.back().ends_with('\r')) lines.back().pop_back();
    begin = end + 1;
  }
  return lines;
}

data::TensorMap embed(const EmbedArguments& a, CommandContext& context) {
  const std::vector<std::string> texts = a.text_file ? read_lines(*a.text_file) : a.texts;
  if (a.hf) {
    const HiddenStates states = hidden_states(read_bert(*a.hf), texts);
    return {{"last_hidden_state", states.last_hidden_state},
            {"mean_pooled", states.mean_pooled},
            {"attention_mask", states.attention_mask}};
  }
  const LoadedRun run = load_run(a.run, OwnData::vocabulary);
  if (run.stage != "align" && run.stage != "joint")
    context.err << "triad: warning: " << a.run
                << " has no stage align or joint: what it projects into the shared space is "
                << "random, unless its first weights (--from) were of a run that has\n";
  if (!a.images.empty()) return {{"embeddings", embeddings_of_images(*run.model, *run.data, a.images)}};
  if (!a.sounds.empty()) return {{"embeddings", embeddings_of_sounds(*run.model, *run.data, a.sounds)}};
  return {{"embeddings", embeddings_of_texts(*run.model, *run.data, texts)}};
}

}  // namespace

void add_embed_command(CLI::App& app, CommandContext& context) {
  const auto a = std::make_shared<EmbedArguments>();
  CLI::App* command = app.add_subcommand("embed", "Turn texts, pictures or sounds into vectors");
  CLI::App* model = command->add_option_group("model", "what embeds");
  CLI::Option* run = model->add_option("--run", a->run, "run directory: writes embeddings [N, D]")->type_name("RUN");
  model
      ->add_option(
          "--hf", a->hf,
          "folder of a Hugging Face BERT (config.json, vocab.txt, model.safetensors): writes last_hidden_state "
          "[N, T, D], mean_pooled [N, D] and attention_mask [N, T], false for padding")
      ->type_name("DIR");
  model->require_option(1);
  CLI::App* input = command->add_option_group("input", "what is embedded, a row each");
  input->add_option("--text", a->texts, "a text; may be repeated")
      ->type_name("TEXT")
      ->take_all()
      ->allow_extra_args(false);
  input->add_option("--text-file", a->text_file, "a text a line")->type_name("FILE");
  input->add_option("--image", a->images, "PNG and JPEG files, brought to the size of the pictures of the run")
      ->type_name("FILE")
      ->needs(run);
  input->add_option("--audio", a->sounds, "sound files, brought to the sample rate of the run")
      ->type_name("FILE")
      ->needs(run);
  input->require_option(1);
  command->add_option("--out", a->out, "safetensors file to write")->required()->type_name("FILE");
  command->callback([a, &context] {
    const data::TensorMap tensors = embed(*a, context);
    data::write_safetensors(a->out, tensors);
    for (const auto& [name, tensor] : tensors) context.out << a->out << ": " << name << " " << tensor.shape() << "\n";
  });
}

}  // namespace triad::train
