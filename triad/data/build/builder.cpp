#include "triad/data/build/builder.h"

#include <algorithm>

#include "triad/core/base/error.h"
#include "triad/core/base/join.h"

namespace triad::data {
namespace {

std::vector<Builder (*)()>& makers() {
  static std::vector<Builder (*)()> all;
  return all;
}

template <class T>
const T& option(const Attributes& options, const std::string& name) {
  const auto found = options.find(name);
  const T* value = found == options.end() ? nullptr : std::get_if<T>(&found->second);
  require<IoError>(value, "data build", "option '", name, "' is missing or of another kind");
  return *value;
}

}  // namespace

const std::string& BuildRequest::text(const std::string& name) const { return option<std::string>(options, name); }
int64_t BuildRequest::integer(const std::string& name) const { return option<int64_t>(options, name); }
bool BuildRequest::flag(const std::string& name) const { return option<bool>(options, name); }

int64_t BuildRequest::integer(const std::string& name, int64_t low, int64_t high) const {
  const int64_t value = integer(name);
  require<ConfigError>(value >= low && value <= high, "data build", prefix, name, " is ", value, ", expected ", low,
                       " to ", high);
  return value;
}

double BuildRequest::real(const std::string& name, double low, double high) const {
  const double value = option<double>(options, name);
  require<ConfigError>(value >= low && value <= high, "data build", prefix, name, " is ", value, ", expected ", low,
                       " to ", high);
  return value;
}

int BuildRequest::sample_rate() const {
  const int64_t rate = integer("sample-rate");
  require<ConfigError>(rate == 8000 || rate == 16000, "data build", prefix, "sample-rate is ", rate,
                       ", expected 8000 or 16000");
  return static_cast<int>(rate);
}

Provenance BuildRequest::provenance(const std::string& generator, const std::vector<BuilderOption>& known) const {
  Provenance result{.generator = generator, .tool_version = {}, .seed = seed, .options = {}};
  for (const BuilderOption& entry : known) {
    const auto given = options.find(entry.name);
    if (entry.kind != BuilderOption::Kind::kPath && given != options.end()) result.options.insert(*given);
  }
  return result;
}

const std::vector<Builder>& all_builders() {
  static const std::vector<Builder> builders = [] {
    std::vector<Builder> all;
    for (const auto make : makers()) all.push_back(make());
    std::ranges::sort(all, {}, &Builder::name);
    return all;
  }();
  return builders;
}

const Builder& builder_named(std::string_view name) {
  const std::vector<Builder>& all = all_builders();
  const auto found = std::ranges::find(all, name, &Builder::name);
  if (found != all.end()) return *found;
  fail<ConfigError>("data build", "there is no data set '", name, "'; there are: ", join(all, &Builder::name));
}

void check_paths(const Builder& builder, const BuildRequest& request) {
  for (const BuilderOption& option : builder.options) {
    if (option.kind != BuilderOption::Kind::kPath || request.text(option.name).empty()) continue;
    require<ConfigError>(std::filesystem::exists(request.path(option.name)), request.prefix + option.name,
                         "there is no ", request.text(option.name), Hint{option.help});
  }
}

RegisterBuilder::RegisterBuilder(Builder (*make)()) { makers().push_back(make); }

}  // namespace triad::data
