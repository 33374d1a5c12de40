// Typed errors. Every message names the operation, what was wrong, what was expected and, where there is one, a hint.
#pragma once

#include <sstream>
#include <stdexcept>
#include <string>
#include <string_view>

namespace triad {

/// Root of all errors triad throws. what() is "WHERE: WHAT" and, on a second line, "  hint: HINT".
class Error : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

/// Shapes that do not fit together, or a rank or axis that does not exist.
class ShapeError : public Error {
  using Error::Error;
};
/// A dtype an operation does not take.
class DTypeError : public Error {
  using Error::Error;
};
/// Operands on different devices, a missing device, a kernel this build lacks.
class DeviceError : public Error {
  using Error::Error;
};
/// A value outside its domain: an index out of range, a negative size, a probability of 2.
class ValueError : public Error {
  using Error::Error;
};
/// A use of the autograd tape that cannot give a right gradient.
class AutogradError : public Error {
  using Error::Error;
};
/// A file or stream that cannot be read or written, or whose content is damaged. The text names file and place.
class IoError : public Error {
  using Error::Error;
};
/// Training that has left the numbers: a gradient that is NaN or infinite.
class NumericError : public ValueError {
  using ValueError::ValueError;
};
/// A configuration that cannot be run. The text names file, line and the nearest valid key.
class ConfigError : public Error {
  using Error::Error;
};
/// Ranks that were started as different things: another program, recipe, data set or number of ranks. Nothing has begun.
class AgreementError : public ConfigError {
  using ConfigError::ConfigError;
};

/// The texts of its arguments, joined: str("axis ", 3, " of ", shape). Anything with operator<< fits.
template <class... Parts>
std::string str(const Parts&... parts) {
  std::ostringstream out;
  (out << ... << parts);
  return out.str();
}

/// Wraps the advice of an error message; see fail(). It only refers to its text, so that a require() that holds costs nothing:
/// make it in the call, or of a literal.
struct Hint {
  std::string_view text;
};

namespace detail {
inline std::ostream& operator<<(std::ostream& out, const Hint& hint) { return out << "\n  hint: " << hint.text; }
template <class E>
[[noreturn]] void raise(const std::string& text) {
  throw E(text);
}
}  // namespace detail

/// Throws E with the text "where: part part …". A Hint as last part goes to a line of its own.
template <class E, class... Parts>
[[noreturn]] void fail(std::string_view where, const Parts&... parts) {
  using detail::operator<<;
  std::ostringstream out;
  out << where << ": ";
  (out << ... << parts);
  detail::raise<E>(out.str());
}

/// fail() unless `holds`. The parts are only turned into text on failure.
template <class E, class... Parts>
void require(bool holds, std::string_view where, const Parts&... parts) {
  if (!holds) [[unlikely]]
    fail<E>(where, parts...);
}

}  // namespace triad
