#include "triad/train/import/bert_config.h"

#include <optional>
#include <string>

#include <nlohmann/json.hpp>

#include "triad/core/base/error.h"
#include "triad/data/formats/durable_file.h"

namespace triad::train {
namespace {

using Json = nlohmann::json;

constexpr int64_t kLargestFile = 1 << 20;
constexpr int64_t kLargestCount = int64_t{1} << 31;

/// The object in a JSON file. A key that is absent or null has no value.
class Settings {
 public:
  explicit Settings(const std::filesystem::path& file) : source_(file.string()) {
    try {
      json_ = Json::parse(data::read_whole_file(file, kLargestFile));
    } catch (const Json::exception& e) {
      fail<IoError>(source_, "not JSON: ", std::string_view(e.what()).substr(0, 200));
    }
    require<IoError>(json_.is_object(), source_, "not a JSON object");
  }

  int64_t count(const char* key, int64_t otherwise) const {
    const Json* value = find(key);
    if (!value) return otherwise;
    const bool holds =
        value->is_number_integer() && value->get<int64_t>() >= 1 && value->get<int64_t>() <= kLargestCount;
    check(holds, key, "a whole number from 1 to 2^31");
    return value->get<int64_t>();
  }
  double real(const char* key, double otherwise) const {
    const Json* value = find(key);
    if (!value) return otherwise;
    check(value->is_number() && value->get<double>() >= 0 && value->get<double>() < 1, key, "a number in [0, 1)");
    return value->get<double>();
  }
  std::optional<bool> truth(const char* key) const {
    const Json* value = find(key);
    if (!value) return std::nullopt;
    check(value->is_boolean(), key, "true or false");
    return value->get<bool>();
  }
  /// Refuses every value but `only`.
  void expect(const char* key, const Json& only) const {
    const Json* value = find(key);
    check(!value || *value == only, key, only.dump());
  }
  void check(bool holds, const char* key, const std::string& expected) const {
    require<IoError>(holds, source_, "'", key, "' is ", json_.value(key, Json()).dump().substr(0, 60), ", expected ",
                     expected);
  }

 private:
  const Json* find(const char* key) const {
    const auto found = json_.find(key);
    return found == json_.end() || found->is_null() ? nullptr : &*found;
  }

  std::string source_;
  Json json_;
};

}  // namespace

nn::TextEncoderOptions read_bert_config(const std::filesystem::path& file) {
  const Settings config(file);
  config.expect("model_type", "bert");
  config.expect("hidden_act", "gelu");
  config.expect("position_embedding_type", "absolute");
  config.expect("is_decoder", false);
  const nn::TextEncoderOptions base = nn::bert_preset("base");
  const nn::TextEncoderOptions o{
      .vocabulary = config.count("vocab_size", base.vocabulary),
      .width = config.count("hidden_size", base.width),
      .layers = config.count("num_hidden_layers", base.layers),
      .heads = config.count("num_attention_heads", base.heads),
      .hidden = config.count("intermediate_size", base.hidden),
      .max_positions = config.count("max_position_embeddings", base.max_positions),
      .segments = config.count("type_vocab_size", base.segments),
      .dropout = config.real("hidden_dropout_prob", base.dropout),
      .attention_dropout = config.real("attention_probs_dropout_prob", base.attention_dropout),
      .norm_eps = config.real("layer_norm_eps", base.norm_eps),
      .initial_stddev = config.real("initializer_range", base.initial_stddev)};
  config.check(o.width % o.heads == 0, "num_attention_heads", str("a divisor of the hidden_size, ", o.width));
  return o;
}

data::WordPiece read_bert_tokenizer(const std::filesystem::path& folder) {
  std::optional<bool> lowercase;
  const std::filesystem::path file = folder / "tokenizer_config.json";
  if (std::filesystem::exists(file)) {
    const Settings config(file);
    lowercase = config.truth("do_lower_case");
    const std::optional<bool> strips = config.truth("strip_accents");
    config.check(!strips || strips == lowercase.value_or(true), "strip_accents", "null or the value of do_lower_case");
    config.expect("tokenize_chinese_chars", true);
  }
  return data::WordPiece::load(folder / "vocab.txt", lowercase);
}

}  // namespace triad::train
