// Weights as safetensors: `triad ckpt export`, and a run that starts from such a file.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/harness/damage.h"
#include "tests/harness/data_path.h"
#include "tests/harness/message_of.h"
#include "tests/train/cli/run_triad.h"
#include "tests/train/loop/tiny_data.h"
#include "triad/data/formats/safetensors.h"
#include "triad/ops/registry/comparison.h"
#include "triad/train/checkpoint/checkpoint.h"
#include "triad/train/checkpoint/checkpoint_folder.h"
#include "triad/train/pretrain.h"

namespace triad::train {
namespace {

namespace fs = std::filesystem;
using data::TensorMap;
using testing::HasSubstr;

class Weights : public testing::Test {
 protected:
  Weights() {
    write_tiny_data(folder_ / "data");
    recipe_ = tiny_recipe(folder_ / "data");
    recipe_.train.max_steps = 2;
    recipe_.checkpoint = {.every = 1, .keep = 2};
    pretrain(recipe_, {.out = folder_ / "run", .only = "text"});
  }

  std::string at(std::string_view name) const { return (folder_ / name).string(); }
  CommandResult pretrain_from(const std::string& source, const std::string& out) const {
    return run_triad({"pretrain", at("run/config.yaml"), "--only", "align", "--from", source, "--out", out, "--set",
                      "train.max_steps=1"});
  }

  harness::TempFolder folder_;
  Recipe recipe_;
};

TEST_F(Weights, GoOutAndInBitByBit) {
  const CommandResult exported = run_triad({"ckpt", "export", at("run"), "--out", at("w.safetensors")});
  ASSERT_EQ(exported.code, 0) << exported.err;
  data::SafetensorsMetadata metadata;
  const TensorMap tensors = data::read_safetensors(at("w.safetensors"), &metadata);
  const data::DataIdentity data = data::read_manifest(at("data")).identity();
  EXPECT_EQ(metadata, (data::SafetensorsMetadata{{"recipe", "tiny"},
                                                 {"stage", "text"},
                                                 {"step", "2"},
                                                 {"data_name", "tiny"},
                                                 {"data_fingerprint", data.fingerprint},
                                                 {"data_vocabulary", data.vocabulary}}));
  const LoadedRun run = load_run(at("run"));
  const std::vector<NamedParameter> parameters = nn::parameters_of(*run.model);
  EXPECT_EQ(tensors.size(), parameters.size());
  for (const NamedParameter& p : parameters)
    EXPECT_TRUE(ops::compare_bits(tensors.at(p.name), p.parameter->value().detach()).passed) << p.name;

  for (const auto& [source, out] :
       {std::pair{"run", "a"}, {"w.safetensors", "b"}, {"run/checkpoints/text-2.h5", "c"}}) {
    const CommandResult trained = pretrain_from(at(source), at(out));
    ASSERT_EQ(trained.code, 0) << trained.err;
  }
  // What the new stage does not train is as it was in the run.
  const std::string kept = "masked_lm.transform.weight";
  EXPECT_TRUE(ops::compare_bits(read_parameters(resolve_checkpoint(at("b"))).at(kept), tensors.at(kept)).passed);
  EXPECT_EQ(run_triad({"ckpt", "diff", at("a"), at("b")}).code, 0);
  EXPECT_EQ(run_triad({"ckpt", "diff", at("a"), at("c")}).code, 0);
  EXPECT_EQ(run_triad({"ckpt", "diff", at("a"), at("run")}).code, 1);
}

TEST_F(Weights, AreComparedWithThoseInASafetensorsFile) {
  ASSERT_EQ(run_triad({"ckpt", "export", at("run"), "--out", at("w.safetensors")}).code, 0);
  EXPECT_EQ(run_triad({"ckpt", "diff", at("w.safetensors"), at("run")}).code, 0);
  const CommandResult differs = run_triad({"ckpt", "diff", at("run/checkpoints/text-1.h5"), at("w.safetensors")});
  EXPECT_EQ(differs.code, 1);
  EXPECT_THAT(differs.out, HasSubstr("parameters/text.tokens.weight\n"));
  EXPECT_EQ(run_triad({"ckpt", "diff", "--all", at("w.safetensors"), at("run")}).err,
            "triad: " + at("w.safetensors") + ": holds weights alone\n  hint: without --all\n");
}

TEST_F(Weights, AFileOfAnotherKindIsNotCalledDamaged) {
  for (const CommandResult& refused : {pretrain_from(at("run/config.yaml"), at("new")),
                                       run_triad({"ckpt", "diff", at("run/config.yaml"), at("run")})}) {
    EXPECT_EQ(refused.code, 1);
    EXPECT_THAT(refused.err, HasSubstr(at("run/config.yaml") + ": is no checkpoint: "));
  }
}

TEST_F(Weights, OfAnOlderCheckpointAndOfOneOutsideOfARun) {
  fs::copy(at("run/checkpoints/text-1.h5"), at("text-1.h5"));
  EXPECT_EQ(run_triad({"ckpt", "export", at("text-1.h5"), "--out", at("w.safetensors")}).code, 0);
  data::SafetensorsMetadata metadata;
  data::read_safetensors(at("w.safetensors"), &metadata);
  EXPECT_EQ(metadata["step"], "1");
  EXPECT_FALSE(metadata.contains("recipe"));
  fs::create_directory(at("checkpoints"));
  fs::copy(at("text-1.h5"), at("checkpoints"));
  for (const char* config : {"config.yaml", "none.yaml"}) {  // of something else, and none
    harness::write_file(at(config), "theme: dark\n");
    EXPECT_EQ(run_triad({"ckpt", "export", at("checkpoints/text-1.h5"), "--out", at("w.safetensors")}).code, 0);
    fs::remove(at("config.yaml"));
  }
  const CommandResult listed = run_triad({"ckpt", "ls", at("run")});
  EXPECT_EQ(listed.code, 0);
  EXPECT_LT(listed.out.find("text-2.h5"), listed.out.find("text-1.h5"));
  EXPECT_EQ(run_triad({"ckpt", "ls", at("data")}).code, 1);
  EXPECT_THAT(run_triad({"ckpt", "export", at("data"), "--out", at("x")}).err,
              HasSubstr(at("data") + ": holds no checkpoint"));
  EXPECT_EQ(run_triad({"ckpt", "export", at("run")}).code, 2);
}

TEST_F(Weights, ThatDoNotFitChangeNothing) {
  const fs::path checkpoint = resolve_checkpoint(at("run"));
  const LoadedRun run = load_run(at("run"));
  const std::vector<NamedParameter> parameters = nn::parameters_of(*run.model);
  const auto values = [&] {
    std::vector<std::vector<float>> all;
    for (const NamedParameter& p : parameters) all.push_back(p.parameter->value().to_vector<float>());
    return all;
  };
  const auto before = values();
  const std::string last = parameters.back().name;
  const auto refusal = [&](const Tensor& replaced) {
    TensorMap tensors;
    for (const NamedParameter& p : parameters) tensors[p.name] = full(p.parameter->shape(), 7);
    tensors.erase(last);
    if (replaced.defined()) tensors[last] = replaced;
    data::write_safetensors(at("w.safetensors"), tensors);
    return harness::message_of<IoError>([&] { load_parameters(at("w.safetensors"), parameters); });
  };
  const std::string place = at("w.safetensors") + ": ";
  EXPECT_THAT(refusal({}), HasSubstr(place + "has no tensor '" + last + "'"));
  EXPECT_THAT(refusal(zeros({3, 1, 4})),
              HasSubstr(place + "tensor '" + last + "' has shape [3, 1, 4], the model expects ["));
  EXPECT_THAT(refusal(zeros(parameters.back().parameter->shape(), DType::i64)),
              HasSubstr("is i64, the model expects f32"));
  EXPECT_EQ(values(), before);
}

TEST_F(Weights, ThatAreDamagedAreRefusedBeforeAnythingStarts) {
  ASSERT_EQ(run_triad({"ckpt", "export", at("run"), "--out", at("w.safetensors")}).code, 0);
  const std::string whole = harness::read_file(at("w.safetensors"));
  for (const size_t size : {size_t{0}, size_t{7}, size_t{200}, whole.size() - 1}) {
    harness::write_file(at("w.safetensors"), whole.substr(0, size));
    const CommandResult result = pretrain_from(at("w.safetensors"), at("new"));
    EXPECT_EQ(result.code, 1);
    EXPECT_THAT(result.err, HasSubstr(at("w.safetensors")));
    EXPECT_FALSE(fs::exists(at("new")));
  }
  EXPECT_THAT(pretrain_from(at("none"), at("new")).err, HasSubstr(at("none")));
}

}  // namespace
}  // namespace triad::train
