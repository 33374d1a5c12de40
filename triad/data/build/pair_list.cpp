#include "triad/data/build/pair_list.h"

#include <algorithm>
#include <array>
#include <map>

#include <nlohmann/json.hpp>

#include "triad/core/base/error.h"
#include "triad/data/formats/durable_file.h"

namespace triad::data {
namespace {

using Json = nlohmann::json;

constexpr int64_t kMaxListBytes = int64_t{1} << 30;

/// One line of the list, and where it stands.
struct Line {
  Json json;
  std::string place;

  template <class... Parts>
  [[noreturn]] void refuse(const Parts&... parts) const {
    fail<IoError>("data build", place, ": ", parts...);
  }
  /// The text of a key; empty if the key is absent.
  std::string text(const char* key) const {
    const auto at = json.find(key);
    if (at == json.end()) return {};
    if (!at->is_string() || at->get_ref<const std::string&>().empty()) refuse("'", key, "' is not a text, or empty");
    return at->get<std::string>();
  }
  /// The same, where an integer will do.
  std::string name(const char* key) const {
    const auto at = json.find(key);
    if (at == json.end() || !at->is_number()) return text(key);
    if (!at->is_number_integer())
      refuse("'", key, "' is ", at->dump(), ", expected a text or a whole number below 2^64");
    return at->dump();
  }
};

Line parse_line(std::string_view text, const std::string& place) {
  Line line{{}, place};
  try {
    line.json = Json::parse(text);
  } catch (const Json::exception& e) {
    // "[ID] parse error at line 1, column 5: REASON", of this line alone; or "[ID] REASON".
    const std::string_view what = e.what();
    const size_t colon = what.find(": ");
    line.refuse("not JSON: ", what.substr((colon == what.npos ? what.find("] ") : colon) + 2));
  }
  constexpr std::array<std::string_view, 5> kKeys = {"image", "audio", "text", "identity", "label"};
  if (!line.json.is_object()) line.refuse("not a JSON object");
  for (const auto& [key, value] : line.json.items()) {
    if (std::ranges::count(kKeys, key) == 0)
      line.refuse("unknown key '", key, "'", Hint{"valid keys: image, audio, text, identity, label"});
  }
  if (!line.json.contains("image") && !line.json.contains("audio") && !line.json.contains("text"))
    line.refuse("neither image, audio nor text");
  return line;
}

}  // namespace

PairList parse_pairs(std::string_view text, const std::string& source, const std::filesystem::path& folder) {
  PairList list;
  std::map<std::string, int64_t> identities, labels;
  std::vector<std::string> label_of;
  for (int64_t number = 1; !text.empty(); ++number) {
    const size_t end = std::min(text.find('\n'), text.size());
    const std::string_view content = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    if (content.find_first_not_of(" \t\r") == content.npos) continue;

    const Line line = parse_line(content, str(source, ", line ", number));
    ListedPair pair{.line = number, .text = line.text("text")};
    const std::string image = line.text("image"), audio = line.text("audio");
    if (!image.empty()) pair.image = folder / image;
    if (!audio.empty()) pair.audio = folder / audio;
    const std::string identity = line.name("identity"), label = line.name("label");
    const std::string shown = !image.empty()   ? "image " + image
                              : !audio.empty() ? "audio " + audio
                                               : "text " + pair.text;
    pair.group = !identity.empty() ? "identity " + identity : shown;
    const std::string& same = identity.empty() && !label.empty() ? "label " + label : pair.group;
    pair.identity = identities.emplace(same, std::ssize(identities)).first->second;
    if (!list.pairs.empty() && label.empty() != label_of.back().empty())
      line.refuse(label.empty() ? "no label, the lines before have one" : "a label, the lines before have none");
    label_of.push_back(label);
    if (!label.empty()) labels[label] = 0;
    list.pairs.push_back(std::move(pair));
  }
  require<IoError>(!list.pairs.empty(), "data build", source, " lists no samples");
  for (auto& [name, index] : labels) {
    index = std::ssize(list.labels);
    list.labels.push_back(name);
  }
  if (labels.empty()) return list;
  for (size_t i = 0; i < list.pairs.size(); ++i) list.pairs[i].label = labels.at(label_of[i]);
  return list;
}

PairList read_pairs(const std::filesystem::path& file) {
  return parse_pairs(read_whole_file(file, kMaxListBytes), file.string(), file.parent_path());
}

}  // namespace triad::data
