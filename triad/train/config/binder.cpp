#include "triad/train/config/binder.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <numeric>
#include <set>
#include <span>

#include "triad/core/base/join.h"

namespace triad::train {
namespace {

size_t edit_distance(std::string_view a, std::string_view b) {
  std::vector<size_t> row(b.size() + 1);
  std::iota(row.begin(), row.end(), size_t{0});
  for (size_t i = 1; i <= a.size(); ++i) {
    size_t diagonal = std::exchange(row[0], i);
    for (size_t j = 1; j <= b.size(); ++j) {
      const size_t substituted = diagonal + (a[i - 1] != b[j - 1]);
      diagonal = std::exchange(row[j], std::min({row[j] + 1, row[j - 1] + 1, substituted}));
    }
  }
  return row.back();
}

/// False unless all of `text` is a number.
bool parse(const std::string& text, double& value) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  return error == std::errc() && end == text.data() + text.size();
}

}  // namespace

std::string suggestion(std::string_view word, const std::vector<std::string>& candidates) {
  const std::string guess = nearest(word, candidates);
  return (guess.empty() ? "" : "did you mean '" + guess + "'? ") + "There are " + join(candidates);
}

std::string nearest(std::string_view word, const std::vector<std::string>& candidates) {
  std::string best;
  size_t least = word.size() / 2 + 2;
  for (const std::string& candidate : candidates) {
    const size_t distance = edit_distance(word, candidate);
    if (distance < least) least = distance, best = candidate;
  }
  return best;
}

Binder::Binder(Mode mode, const YAML::Node& node, const Origin& origin, std::string path)
    : mode_(mode), node_(node), origin_(origin), path_(std::move(path)) {
  if (mode_ == Mode::write) return;
  std::set<std::string> seen;
  for (const auto& entry : node_) {
    if (!seen.insert(entry.first.Scalar()).second) refuse(entry.first.Scalar(), "is given twice");
  }
}

YAML::Node Binder::find(std::string_view key) {
  known_.emplace_back(key);
  const YAML::Node& section = node_;  // the const lookup does not create the key
  return section[std::string(key)];
}

std::string Binder::place(const std::string& key) const {
  const std::string name = name_of(key);
  // The override of the key, of the section it is in, or of something in it.
  const auto concerns = [&](const std::string& assignment) {
    const std::string set = assignment.substr(0, assignment.find('=')) + ".", wanted = name + ".";
    return set.starts_with(wanted) || wanted.starts_with(set);
  };
  const auto& overrides = origin_.overrides;
  const auto last = std::find_if(overrides.rbegin(), overrides.rend(), concerns);
  if (last != overrides.rend()) return "--set " + *last;
  int line = 0;  // of the last, where a key is there twice
  for (const auto& entry : node_) {
    if (entry.first.Scalar() == key) line = entry.first.Mark().line + 1;
  }
  return line > 0 ? str(origin_.file, ":", line, ": ", name) : str(origin_.file, ": ", name);
}

void Binder::finish() const {
  if (mode_ == Mode::write) return;
  for (const auto& entry : node_) {
    const std::string& key = entry.first.Scalar();
    if (std::find(known_.begin(), known_.end(), key) != known_.end()) continue;
    const std::string guess = nearest(key, known_);
    const std::string all = join(known_);
    refuse(key, "unknown key",
           Hint{guess.empty() ? str("valid keys: ", all) : str("did you mean '", guess, "'? Valid keys: ", all)});
  }
}

bool Binder::to_bool(const YAML::Node& value, std::string_view key) const {
  if (value.IsScalar() && (value.Scalar() == "true" || value.Scalar() == "false")) return value.Scalar() == "true";
  refuse(key, shown(value), " is not true or false");
}

double Binder::to_number(const YAML::Node& value, std::string_view key) const {
  double number = 0;
  if (value.IsScalar() && parse(value.Scalar(), number) && std::isfinite(number)) return number;
  refuse(key, shown(value), " is not a finite number");
}

std::string Binder::to_text(const YAML::Node& value, std::string_view key) const {
  if (value.IsScalar()) return value.Scalar();
  refuse(key, shown(value), " is not a text");
}

size_t Binder::to_choice(const YAML::Node& value, std::string_view key, const std::string_view* names,
                         size_t count) const {
  const std::string text = to_text(value, key);
  const std::span all(names, count);
  const auto found = std::ranges::find(all, text);
  if (found != all.end()) return static_cast<size_t>(found - all.begin());
  refuse(key, "'", text, "' is not one of ", join(all));
}

std::string Binder::shown(const YAML::Node& value) {
  if (value.IsScalar()) return "'" + value.Scalar() + "'";
  return value.IsNull() ? "an empty value" : value.IsSequence() ? "a list" : "a section";
}

std::string Binder::number_text(double value) {
  char text[32];
  return std::string(text,
                     std::to_chars(text, text + sizeof text, value).ptr);  // shortest form that reads back the same
}

}  // namespace triad::train
