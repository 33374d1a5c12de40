#include "triad/core/comm/collective.h"

#include <array>

namespace triad::comm {

std::string_view name_of(CollectiveKind kind) {
  constexpr std::array<std::string_view, 6> kNames = {"all_reduce", "reduce_scatter", "all_gather",
                                                      "broadcast",  "all_to_all",     "barrier"};
  return kNames[static_cast<size_t>(kind)];
}

std::string_view name_of(Reduction reduction) {
  constexpr std::array<std::string_view, 3> kNames = {"sum", "min", "max"};
  return kNames[static_cast<size_t>(reduction)];
}

std::string brief(const std::source_location& where) {
  const std::string_view file = where.file_name();
  return str(file.substr(file.rfind('/') + 1), ":", where.line());
}

Collective with_memory(Collective collective) {
  if (collective.out.defined()) collective.written = collective.out.mutable_raw_data();
  return collective;
}

std::ostream& operator<<(std::ostream& out, const Collective& c) {
  out << name_of(c.kind);
  if (!c.name.empty()) out << " '" << c.name << "'";
  if (c.out.defined()) out << " of " << c.out.dtype() << " " << c.out.shape();
  return out << " (" << brief(c.where) << ")";
}

}  // namespace triad::comm
