// Builders: named ways to make a data set from files or from a generator.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "triad/data/shards/dataset_writer.h"

namespace triad::data {

/// One option of a builder, as `triad data build` shows and checks it.
struct BuilderOption {
  enum class Kind : uint8_t { kPath, kText, kInteger, kReal, kFlag };

  std::string name;  ///< on the command line: --NAME
  Kind kind;
  Attribute value;  ///< the default; of a path, text, integer, real or bool
  bool required;
  std::string help;
};

/// What a builder is asked to do. Options are complete: given or default.
struct BuildRequest {
  std::filesystem::path out;
  Attributes options;
  uint64_t seed = 1;
  WriteOptions write;
  std::string prefix = "--";  ///< of the names of options where they are given, for messages
  /// Told now and then how many samples are done; may be empty.
  std::function<void(int64_t done)> progress;

  /// IoError if the option does not exist or is of another kind: a mistake in the builder.
  std::filesystem::path path(const std::string& name) const { return text(name); }
  const std::string& text(const std::string& name) const;
  int64_t integer(const std::string& name) const;
  /// ConfigError naming option and range unless low <= value <= high.
  int64_t integer(const std::string& name, int64_t low, int64_t high) const;
  double real(const std::string& name, double low, double high) const;
  /// The option "sample-rate", in Hz. ConfigError unless it is 8000 or 16000, which log-mel features are defined for.
  int sample_rate() const;
  bool flag(const std::string& name) const;

  /// Everything that decides the content, for provenance: seed and options, without paths, which differ between
  /// machines.
  Provenance provenance(const std::string& generator, const std::vector<BuilderOption>& known) const;
};

struct Builder {
  std::string name;
  std::string summary;  ///< one line
  std::vector<BuilderOption> options;
  std::function<Manifest(const BuildRequest&)> build;
};

/// All builders, sorted by name.
const std::vector<Builder>& all_builders();
/// ConfigError naming the builders there are, if this one is not among them.
const Builder& builder_named(std::string_view name);

/// ConfigError naming the option, if a path given to this builder is not there.
void check_paths(const Builder& builder, const BuildRequest& request);

/// Adds a builder; the function runs on the first call of all_builders().
struct RegisterBuilder {
  explicit RegisterBuilder(Builder (*make)());
};

}  // namespace triad::data
