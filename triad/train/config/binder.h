// Declares the keys of a configuration once, for reading, checking and writing it.
#pragma once

#include <charconv>
#include <cstdint>
#include <filesystem>
#include <limits>
#include <string>
#include <string_view>
#include <system_error>
#include <type_traits>
#include <vector>

#include <yaml-cpp/yaml.h>

#include "triad/core/base/error.h"
#include "triad/train/config/enum_names.h"

namespace triad::train {

/// Where a configuration comes from, for messages.
struct Origin {
  std::string file;
  std::vector<std::string> overrides;  ///< "a.b=c", on top of what the file says
};

/// A section of a configuration, bound to the fields of a struct:
///
///   void bind(Binder& b, Schedule& s) { b("peak", s.peak); b("warmup_steps", s.warmup_steps); }
///
/// Reading, a key that is absent leaves its field as it is; a key that no field claims, or a value of another type, is a
/// ConfigError naming file and line, or the override,and for a key the nearest valid one.
/// Writing, every field is put out. A field is a bool,
/// integer, floating number, string, path, enumeration with EnumNames, vector of these, or a struct with a bind() of its own.
class Binder {
 public:
  enum class Mode { read, write };

  /// Reads `node` (or fills it, writing), the section `path` of the configuration. `origin` must outlive the binder.
  /// ConfigError if a key is there twice.
  Binder(Mode mode, const YAML::Node& node, const Origin& origin, std::string path);

  template <class T>
  void operator()(std::string_view key, T& field);

  /// Whether the section has this key (reading). The key still has to be bound.
  bool has(std::string_view key) const { return mode_ == Mode::read && node_[std::string(key)].IsDefined(); }
  /// Whether this key is a section that is not empty (reading).
  bool has_section(std::string_view key) const { return has(key) && node_[std::string(key)].size() > 0; }
  /// Makes a key that is absent a known one: it is listed with the others where a key is misspelt.
  void allow(std::string_view key) { known_.emplace_back(key); }
  /// ConfigError at the place of `key`.
  template <class... Parts>
  [[noreturn]] void refuse(std::string_view key, const Parts&... parts) const {
    fail<ConfigError>(place(std::string(key)), parts...);
  }
  /// Refuses keys that were not bound. Called once all fields are.
  void finish() const;

 private:
  std::string name_of(const std::string& key) const { return path_.empty() ? key : path_ + "." + key; }
  std::string place(const std::string& key) const;
  YAML::Node find(std::string_view key);

  template <class T>
  void read(const YAML::Node& value, std::string_view key, T& field) const;
  template <class T>
  YAML::Node written(T& field) const;

  bool to_bool(const YAML::Node& value, std::string_view key) const;
  template <class T>
  T to_integer(const YAML::Node& value, std::string_view key) const;
  double to_number(const YAML::Node& value, std::string_view key) const;
  std::string to_text(const YAML::Node& value, std::string_view key) const;
  size_t to_choice(const YAML::Node& value, std::string_view key, const std::string_view* names, size_t count) const;
  static std::string number_text(double value);
  /// A value as messages show it.
  static std::string shown(const YAML::Node& value);

  Mode mode_;
  YAML::Node node_;
  const Origin& origin_;
  std::string path_;
  std::vector<std::string> known_;
};

namespace detail {
template <class T>
inline constexpr bool is_vector = false;
template <class T>
inline constexpr bool is_vector<std::vector<T>> = true;
}  // namespace detail

template <class T>
void Binder::operator()(std::string_view key, T& field) {
  if (mode_ == Mode::write) {
    node_[std::string(key)] = written(field);
    return;
  }
  if (const YAML::Node value = find(key); value.IsDefined()) read(value, key, field);
}

template <class T>
void Binder::read(const YAML::Node& value, std::string_view key, T& field) const {
  if constexpr (std::is_same_v<T, bool>) field = to_bool(value, key);
  else if constexpr (std::is_integral_v<T>) field = to_integer<T>(value, key);
  else if constexpr (std::is_floating_point_v<T>) field = static_cast<T>(to_number(value, key));
  else if constexpr (std::is_same_v<T, std::string> || std::is_same_v<T, std::filesystem::path>)
    field = to_text(value, key);
  else if constexpr (std::is_enum_v<T>) {
    field = static_cast<T>(to_choice(value, key, EnumNames<T>::names.data(), EnumNames<T>::names.size()));
  } else if constexpr (detail::is_vector<T>) {
    if (!value.IsSequence()) refuse(key, "expected a list, such as [1, 2]");
    field.clear();
    for (const YAML::Node& item : value) read(item, key, field.emplace_back());
  } else {
    if (!value.IsMap()) refuse(key, "expected keys with values");
    Binder inner(mode_, value, origin_, name_of(std::string(key)));
    bind(inner, field);
    inner.finish();
  }
}

template <class T>
T Binder::to_integer(const YAML::Node& value, std::string_view key) const {
  T integer = 0;
  if (value.IsScalar()) {
    const std::string& text = value.Scalar();
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), integer);
    if (error == std::errc() && end == text.data() + text.size()) return integer;
  }
  refuse(key, shown(value), " is not an integer from ", std::numeric_limits<T>::min(), " to ",
         std::numeric_limits<T>::max());
}

template <class T>
YAML::Node Binder::written(T& field) const {
  if constexpr (std::is_floating_point_v<T>) return YAML::Node(number_text(field));
  else if constexpr (std::is_same_v<T, std::filesystem::path>) return YAML::Node(field.string());
  else if constexpr (std::is_enum_v<T>) {
    return YAML::Node(std::string(EnumNames<T>::names[static_cast<size_t>(field)]));
  } else if constexpr (detail::is_vector<T>) {
    YAML::Node list(YAML::NodeType::Sequence);
    for (auto& item : field) list.push_back(written(item));
    list.SetStyle(YAML::EmitterStyle::Flow);
    return list;
  } else if constexpr (std::is_arithmetic_v<T> || std::is_same_v<T, std::string>) {
    return YAML::Node(field);
  } else {
    Binder inner(mode_, YAML::Node(YAML::NodeType::Map), origin_, path_);
    bind(inner, field);
    return inner.node_;
  }
}

/// The candidate that needs the fewest edits to become `word` (Levenshtein), or "" if none is near.
std::string nearest(std::string_view word, const std::vector<std::string>& candidates);
/// Advice to who wrote `word`: the nearest candidate, if any, and all of them.
std::string suggestion(std::string_view word, const std::vector<std::string>& candidates);

}  // namespace triad::train
