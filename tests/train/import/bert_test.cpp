// BERTs of Hugging Face, which scripts/golden/bert.py made: outputs, gradients, names of tensors, and files that are refused.
#include "triad/train/import/bert.h"

#include <cmath>
#include <fstream>
#include <limits>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "tests/harness/damage.h"
#include "tests/harness/data_path.h"
#include "tests/harness/message_of.h"
#include "triad/autograd/autograd.h"
#include "triad/data/formats/safetensors.h"
#include "triad/train/import/bert_config.h"

namespace triad::train {
namespace {

using data::TensorMap;
using harness::message_of;
using harness::TempFolder;
using nlohmann::json;
using testing::HasSubstr;
namespace fs = std::filesystem;

double largest_difference(const Tensor& got, const Tensor& wanted) {
  EXPECT_EQ(got.shape(), wanted.shape());
  const auto a = got.to_vector<double>(), b = wanted.to_vector<double>();
  double largest = 0;
  for (size_t i = 0; i < std::min(a.size(), b.size()); ++i) {
    const double difference = std::abs(a[i] - b[i]);
    if (!(difference <= largest)) largest = difference;  // NaN stays
  }
  return largest;
}

double largest_of(const Tensor& x) { return largest_difference(x, zeros(x.shape(), x.dtype())); }

/// The gradients of a module against a file of gradients, read as if they were the weights of such a module.
void expect_gradients(nn::Module& module, nn::Module& expected) {
  const auto parameters = nn::parameters_of(module), wanted = nn::parameters_of(expected);
  ASSERT_EQ(parameters.size(), wanted.size());
  for (size_t i = 0; i < parameters.size(); ++i) {
    ASSERT_EQ(parameters[i].name, wanted[i].name);
    const Tensor got = grad(parameters[i].parameter->value()), want = wanted[i].parameter->value();
    ASSERT_TRUE(got.defined()) << parameters[i].name;
    EXPECT_GT(largest_of(want), 0) << parameters[i].name;
    EXPECT_LE(largest_difference(got, want), 1e-4 * largest_of(want)) << parameters[i].name;
  }
}

void expect_parity(const fs::path& folder) {
  const nn::TextEncoderOptions options = read_bert_config(folder / "config.json");
  const BertWeights bert = read_bert_weights(folder / "model.safetensors", options);
  const TensorMap expected = data::read_safetensors(folder / "expected.safetensors");
  const Tensor hidden =
      bert.encoder->forward(expected.at("input_ids"), clone_as(expected.at("attention_mask"), DType::boolean),
                            nn::Context{.training = false}, expected.at("token_type_ids"));
  std::vector<Tensor> outputs = {hidden}, cotangents = {expected.at("cotangent.last_hidden_state")};
  EXPECT_LE(largest_difference(hidden, expected.at("last_hidden_state")), 1e-5);
  ASSERT_EQ(bert.masked_lm != nullptr, expected.contains("logits"));
  if (bert.masked_lm) {
    outputs.push_back(bert.masked_lm->forward(hidden, bert.encoder->tokens));
    cotangents.push_back(expected.at("cotangent.logits"));
    EXPECT_LE(largest_difference(outputs.back(), expected.at("logits")), 1e-5);
  }
  backward(outputs, cotangents);
  const BertWeights gradients = read_bert_weights(folder / "gradients.safetensors", options);
  expect_gradients(*bert.encoder, *gradients.encoder);
  if (bert.masked_lm) expect_gradients(*bert.masked_lm, *gradients.masked_lm);
}

TEST(BertParity, OutputsAndGradientsOfBertForMaskedLM) { expect_parity(harness::golden_path("bert/masked_lm")); }
TEST(BertParity, OutputsAndGradientsOfBertModel) { expect_parity(harness::golden_path("bert/model")); }

/// The masked_lm folder of the golden files, to be changed.
class BertFile : public testing::Test {
 protected:
  BertFile() : tensors_(data::read_safetensors(golden_ / "model.safetensors")) {}

  void rename(const std::string& from, const std::string& to) {
    auto node = tensors_.extract(from);
    ASSERT_FALSE(node.empty()) << from;
    node.key() = to;
    tensors_.insert(std::move(node));
  }
  BertWeights read() {
    data::write_safetensors(file_, tensors_);
    return read_bert_weights(file_, options_);
  }
  std::string refusal() {
    const std::string message = message_of<IoError>([&] { read(); });
    EXPECT_EQ(message.substr(0, file_.string().size() + 2), file_.string() + ": ");
    return message.substr(std::min(message.size(), file_.string().size() + 2));
  }

  TempFolder folder_;
  fs::path golden_ = harness::golden_path("bert/masked_lm"), file_ = folder_ / "model.safetensors";
  nn::TextEncoderOptions options_ = read_bert_config(golden_ / "config.json");
  TensorMap tensors_;
  const std::string query_ = "bert.encoder.layer.1.attention.self.query.weight";
};

TEST_F(BertFile, OtherNamesAndWhatIsPassedOver) {
  const BertWeights plain = read();
  const TensorMap all = tensors_;
  for (const auto& [name, tensor] : all) {
    std::string to = name.starts_with("bert.") ? name.substr(5) : name;
    if (name.ends_with("LayerNorm.weight")) to.replace(to.size() - 6, 6, "gamma");
    if (name.ends_with("LayerNorm.bias")) to.replace(to.size() - 4, 4, "beta");
    if (to != name) rename(name, to);
  }
  tensors_["embeddings.position_ids"] = zeros({1, 24}, DType::i64);
  tensors_["pooler.dense.weight"] = zeros({32, 32});
  tensors_["pooler.dense.bias"] = zeros({32});
  tensors_["cls.seq_relationship.weight"] = zeros({2, 32});
  tensors_["cls.seq_relationship.bias"] = zeros({2});
  tensors_["cls.predictions.decoder.weight"] = tensors_["embeddings.word_embeddings.weight"];
  rename("cls.predictions.bias", "cls.predictions.decoder.bias");
  const BertWeights renamed = read();
  const auto before = nn::parameters_of(*plain.encoder), after = nn::parameters_of(*renamed.encoder);
  for (size_t i = 0; i < before.size(); ++i) {
    EXPECT_EQ(before[i].parameter->value().to_vector<float>(), after[i].parameter->value().to_vector<float>())
        << before[i].name;
  }
  ASSERT_TRUE(renamed.masked_lm);
  EXPECT_EQ(renamed.masked_lm->bias.value().to_vector<float>(), all.at("cls.predictions.bias").to_vector<float>());
  EXPECT_EQ(renamed.masked_lm->norm.weight.value().to_vector<float>(),
            all.at("cls.predictions.transform.LayerNorm.weight").to_vector<float>());
}

TEST_F(BertFile, NarrowTypesBecomeF32) {
  tensors_[query_] = clone_as(tensors_[query_], DType::bf16);
  const BertWeights bert = read();
  const Tensor& joined = bert.encoder->layers[1]->attention.query_key_value.weight.value();
  EXPECT_EQ(joined.dtype(), DType::f32);
  EXPECT_EQ(joined.to_vector<float>()[5], tensors_[query_].to_vector<float>()[5]);
}

TEST_F(BertFile, RefusesWhatIsMissing) {
  tensors_.erase(query_);
  EXPECT_EQ(refusal(), "has no tensor '" + query_ + "'\n  hint: does config.json describe this model?");
}

TEST_F(BertFile, RefusesAnotherShape) {
  tensors_[query_] = zeros({32, 33});
  EXPECT_EQ(refusal(), "tensor '" + query_ + "' has shape [32, 33], config.json asks for [32, 32]");
}

TEST_F(BertFile, RefusesIntegers) {
  tensors_[query_] = zeros({32, 32}, DType::i32);
  EXPECT_EQ(refusal(), "tensor '" + query_ + "' is I32, expected floating point");
}

TEST_F(BertFile, RefusesWhatIsNotFinite) {
  for (const float value : {std::nanf(""), std::numeric_limits<float>::infinity()}) {
    Tensor query = clone_as(tensors_[query_], DType::f32);
    query.mutable_data<float>()[7] = value;
    tensors_[query_] = query;
    EXPECT_EQ(refusal(), str("tensor '", query_, "' is not finite: element 7 of it is ", value));
  }
}

TEST_F(BertFile, RefusesWhatItDoesNotKnow) {
  tensors_["classifier.weight"] = zeros({2, 32});
  EXPECT_THAT(refusal(), HasSubstr("tensor 'classifier.weight' belongs to no BertModel"));
}

TEST_F(BertFile, RefusesADecoderOfItsOwn) {
  tensors_["cls.predictions.decoder.weight"] = zeros({97, 32});
  EXPECT_THAT(refusal(), HasSubstr("'cls.predictions.decoder.weight' differs from the token table"));
  tensors_.erase("cls.predictions.decoder.weight");
  tensors_["cls.predictions.decoder.bias"] = zeros({97});
  EXPECT_THAT(refusal(), HasSubstr("'cls.predictions.decoder.bias' differs from cls.predictions.bias"));
}

TEST_F(BertFile, RefusesMoreLayersThanThereAreAtOnce) {
  options_.layers = int64_t{1} << 31;
  EXPECT_THAT(refusal(), HasSubstr("has no tensor 'bert.encoder.layer.2.attention.self.query.weight'"));
}

TEST_F(BertFile, DamageIsAnError) {
  const std::string good = harness::read_file(golden_ / "model.safetensors");
  const int refused = harness::survives_damage(good, 300, [&](const std::string& bytes) {
    harness::write_file(file_, bytes);
    read_bert_weights(file_, options_);
  });
  EXPECT_GT(refused, 300);
}

class BertFolder : public testing::Test {
 protected:
  BertFolder() {
    for (const char* name : {"config.json", "vocab.txt", "model.safetensors"}) fs::copy(golden_ / name, folder_ / name);
  }

  std::string refusal(const std::string& name) {
    const std::string file = (folder_ / name).string();
    const std::string message = message_of<IoError>([&] { read_bert(folder_.path()); });
    return message.starts_with(file + ": ") ? message.substr(file.size() + 2) : message;
  }
  /// What becomes of config.json with one value changed.
  std::string refusal(const char* key, const json& value) {
    json config = json::parse(std::ifstream(golden_ / "config.json"));
    config[key] = value;
    harness::write_file(folder_ / "config.json", config.dump());
    return refusal("config.json");
  }

  TempFolder folder_;
  fs::path golden_ = harness::golden_path("bert/masked_lm");
};

TEST_F(BertFolder, IsReadWhole) {
  const Bert bert = read_bert(folder_.path());
  EXPECT_EQ(bert.tokenizer.vocabulary_size(), 97);
  EXPECT_TRUE(bert.tokenizer.lowercase());
  EXPECT_EQ(bert.encoder->options().heads, 4);
  EXPECT_EQ(bert.encoder->options().norm_eps, 1e-12);
}

TEST_F(BertFolder, ConfigurationsThatAreRefused) {
  const std::string whole = ", expected a whole number from 1 to 2^31";
  EXPECT_EQ(refusal("model_type", "roberta"), "'model_type' is \"roberta\", expected \"bert\"");
  EXPECT_EQ(refusal("hidden_act", "gelu_new"), "'hidden_act' is \"gelu_new\", expected \"gelu\"");
  EXPECT_EQ(refusal("position_embedding_type", "relative_key"),
            "'position_embedding_type' is \"relative_key\", expected \"absolute\"");
  EXPECT_EQ(refusal("is_decoder", true), "'is_decoder' is true, expected false");
  EXPECT_EQ(refusal("num_attention_heads", 5), "'num_attention_heads' is 5, expected a divisor of the hidden_size, 32");
  EXPECT_EQ(refusal("num_attention_heads", 0), "'num_attention_heads' is 0" + whole);
  EXPECT_EQ(refusal("hidden_size", -32), "'hidden_size' is -32" + whole);
  EXPECT_EQ(refusal("hidden_size", "32"), "'hidden_size' is \"32\"" + whole);
  EXPECT_EQ(refusal("hidden_size", 32.5), "'hidden_size' is 32.5" + whole);
  EXPECT_EQ(refusal("vocab_size", UINT64_MAX), "'vocab_size' is 18446744073709551615" + whole);
  EXPECT_EQ(refusal("layer_norm_eps", -1), "'layer_norm_eps' is -1, expected a number in [0, 1)");
  EXPECT_THAT(refusal("hidden_size", 64),
              HasSubstr("word_embeddings.weight' has shape [97, 32], config.json asks for [97, 64]"));
  harness::write_file(folder_ / "config.json", std::string(100000, '['));
  EXPECT_THAT(refusal("config.json"), HasSubstr("not JSON: "));
  harness::write_file(folder_ / "config.json", "[]");
  EXPECT_EQ(refusal("config.json"), "not a JSON object");
  fs::remove(folder_ / "config.json");
  EXPECT_THAT(refusal("config.json"), HasSubstr("cannot open " + (folder_ / "config.json").string()));
}

TEST_F(BertFolder, DamageToTheConfigurationIsAnError) {
  const fs::path file = folder_ / "config.json";
  const int refused = harness::survives_damage(harness::read_file(file), 500, [&](const std::string& bytes) {
    harness::write_file(file, bytes);
    read_bert_config(file);
  });
  EXPECT_GT(refused, 300);
}

TEST_F(BertFolder, AVocabularyLargerThanTheTableIsRefused) {
  std::ofstream(folder_ / "vocab.txt", std::ios::app) << "one\n";
  EXPECT_EQ(refusal("vocab.txt"), "has 98 pieces, config.json says vocab_size 97");
}

TEST_F(BertFolder, TheTokenizerIsSetAsItsFileSays) {
  const fs::path file = folder_ / "tokenizer_config.json";
  const auto lowers = [&](const char* settings) {
    harness::write_file(file, settings);
    return read_bert_tokenizer(folder_.path()).lowercase();
  };
  EXPECT_FALSE(lowers(R"({"do_lower_case": false, "strip_accents": null, "tokenize_chinese_chars": true})"));
  EXPECT_TRUE(lowers(R"({"do_lower_case": true, "strip_accents": true})"));
  EXPECT_TRUE(lowers(R"({"model_max_length": 512})"));
  harness::write_file(file, R"({"do_lower_case": true, "strip_accents": false})");
  EXPECT_EQ(refusal("tokenizer_config.json"), "'strip_accents' is false, expected null or the value of do_lower_case");
  harness::write_file(file, R"({"do_lower_case": "no"})");
  EXPECT_EQ(refusal("tokenizer_config.json"), "'do_lower_case' is \"no\", expected true or false");
}

TEST(BertPresets, HaveTheSizesOfThePublishedModels) {
  // Parameters of BertModel(add_pooling_layer=False) of transformers 5.23.0 for the sizes of google/bert_uncased_*.
  const std::tuple<const char*, int64_t, int64_t, int64_t> presets[] = {
      {"tiny", 2, 128, 4369408}, {"mini", 4, 256, 11104768}, {"small", 4, 512, 28500992}, {"base", 12, 768, 108891648}};
  for (const auto& [name, layers, width, count] : presets) {
    SCOPED_TRACE(name);
    nn::TextEncoderOptions options = nn::bert_preset(name);
    options.initial_stddev = 0;
    nn::TextEncoder encoder(options, RandomKey{});
    EXPECT_EQ(nn::count_parameters(encoder), count);
    std::map<std::string, Shape> shapes;
    for (const NamedParameter& p : nn::parameters_of(encoder)) shapes[p.name] = p.parameter->shape();
    EXPECT_EQ(std::ssize(shapes), 5 + 12 * layers);
    EXPECT_EQ(shapes["tokens.weight"], Shape({30522, width}));
    EXPECT_EQ(shapes["positions.weight"], Shape({512, width}));
    EXPECT_EQ(shapes["segments.weight"], Shape({2, width}));
    const std::string last = str("layers.", layers - 1, ".");
    EXPECT_EQ(shapes[last + "attention.query_key_value.weight"], Shape({3 * width, width}));
    EXPECT_EQ(shapes[last + "feed_forward.inner.weight"], Shape({4 * width, width}));
    EXPECT_EQ(shapes[last + "feed_forward.outer.bias"], Shape({width}));
  }
}

}  // namespace
}  // namespace triad::train
