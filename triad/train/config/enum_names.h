#pragma once

namespace triad::train {

/// The names of an enumeration in configurations, in the order of its values starting at 0.
template <class E>
struct EnumNames;  // specialised with `static constexpr std::array<std::string_view, N> names`

}  // namespace triad::train
